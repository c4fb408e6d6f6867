// Debian's Chromium, one context a person, and a watch on everything that goes wrong in a page.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { obstacles, unreachable } from './access.mjs'
import { root } from './server.mjs'
import { totp } from './totp.mjs'

export const output = join(root, 'e2e', 'output')

export async function launch () {
  mkdirSync(output, { recursive: true })
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      // A microphone and a camera that need nobody's word, for the call of the room.
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
  })
}

// What pages complained about. Each expectation is a pattern that may occur while it is in force.
export class Watch {
  constructor () {
    this.problems = []
    this.expected = []
  }

  note (who, what) {
    if (!this.expected.some(pattern => pattern.test(what))) this.problems.push(`${who}: ${what}`)
  }

  // Runs `work` while messages that match `pattern` are not failures.
  async expecting (pattern, work) {
    this.expected.push(pattern)
    try {
      return await work()
    } finally {
      this.expected.splice(this.expected.indexOf(pattern), 1)
    }
  }

  attach (who, page) {
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) this.note(who, `console ${message.type()}: ${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', error => this.note(who, `page error: ${error.message}`))
    page.on('requestfailed', request => {
      const reason = request.failure()?.errorText ?? ''
      // A page that is left takes its requests with it.
      if (reason !== 'net::ERR_ABORTED') this.note(who, `request failed: ${request.method()} ${request.url()} ${reason}`)
    })
    page.on('response', response => {
      if (response.status() >= 400) this.note(who, `answer ${response.status()}: ${response.request().method()} ${response.url()}`)
    })
  }

  verify () {
    if (this.problems.length > 0) throw new Error(`pages complained:\n  ${this.problems.join('\n  ')}`)
  }
}

export class Person {
  constructor (name, context, page, server, watch) {
    Object.assign(this, { name, context, page, server, watch })
  }

  static async arrive (browser, server, watch, name, options = {}) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1366, height: 850 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    watch.attach(name, page)
    return new Person(name, context, page, server, watch)
  }

  async signIn (password) {
    const user = this.server.user(this.name)
    await this.open('/sign-in')
    await this.page.locator('#username').fill(user.username)
    await this.page.locator('#password').fill(password ?? user.password)
    await this.page.locator('#totp').fill(totp(user.totp_secret))
    await this.page.locator('form[action="/sign-in"] button[type=submit]').click()
    if (password === undefined) await this.page.waitForURL(this.server.url + '/')
  }

  async open (path) {
    await this.page.goto(this.server.url + path)
    await this.live()
  }

  // Waits until the program of the page has taken the markup over: its entry module has run to its end.
  async live () {
    await this.page.evaluate(() => import('/pkg/boot.js'))
  }

  // Does what brings up another page, and waits until that one is live.
  async leads (work, url) {
    await Promise.all([this.page.waitForURL(url), work()])
    await this.live()
  }

  // Presses a button whose act draws the same page again.
  async press (name) {
    const reloaded = this.page.waitForEvent('load')
    await this.page.getByRole('button', { name, exact: true }).click()
    await reloaded
    await this.live()
  }

  async see (text) {
    await this.page.getByText(text).first().waitFor()
  }

  async language (tag) {
    await this.page.locator(`form[action="/language"] button[value="${tag}"]`).first().click()
    await this.page.waitForFunction(lang => document.documentElement.lang === lang, tag)
    await this.live()
  }

  // The same person at another screen, in a language; leaves the page of this one as it is.
  async elsewhere (tag) {
    const storageState = await this.context.storageState()
    const twin = await Person.arrive(this.context.browser(), this.server, this.watch, this.name, { storageState })
    await twin.open('/')
    await twin.language(tag)
    return twin
  }

  // One picture of the page in each language, back in Chinese afterwards.
  async shoot (name) {
    for (const tag of ['en', 'zh-CN']) {
      if (await this.page.locator('form[action="/language"]').count() > 0) await this.language(tag)
      await this.page.screenshot({ path: join(output, `${name}.${tag}.png`), fullPage: true })
      await this.accessible(`${name}.${tag}`)
    }
    for (const obstacle of await unreachable(this.page)) this.watch.note(`${name} by keyboard`, obstacle)
  }

  async accessible (name) {
    for (const obstacle of await obstacles(this.page)) this.watch.note(`${name} keeps somebody out`, obstacle)
  }

  // The page as it stands, in the present language: a change of language would empty a form.
  async shootHere (name) {
    const tag = await this.page.evaluate(() => document.documentElement.lang)
    await this.page.screenshot({ path: join(output, `${name}.${tag}.png`), fullPage: true })
    await this.accessible(`${name}.${tag}`)
  }

  async api (method, path, data) {
    const response = await this.context.request.fetch(this.server.url + path, { method, data, headers: { 'accept-language': 'zh-CN' } })
    const text = await response.text()
    return { status: response.status(), json: text === '' ? null : JSON.parse(text) }
  }

  async cookie () {
    const cookies = await this.context.cookies()
    return cookies.filter(c => c.name === '__Host-session').map(c => `${c.name}=${c.value}`).join('; ')
  }
}
