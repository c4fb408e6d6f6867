// What happens to a room besides working in it: a pause, data asked for and given while it runs, a page that
// loses its line, opinions in versions, the end of the session, and the history afterwards.
//
//   node e2e/session.mjs        against a demo server of its own
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launch, Person, Watch } from './lib/browser.mjs'
import { Cuttable } from './lib/cut.mjs'
import { Room } from './lib/room.mjs'
import { phantom, Server } from './lib/server.mjs'
import { check, equal, step, until } from './lib/step.mjs'
import { inSession, PATIENT, signedIn } from './lib/stories.mjs'

const NAMES = { lead: '顾文渊', east: '林若溪' }

// A table as a laboratory writes it.
function table (key, name, code, value, unit, range) {
  const china = new Date(Date.now() + 8 * 3_600_000 - 300_000).toISOString().slice(0, 16).replace('T', ' ')
  const text = `key,available_at,检验项目名称,检验项目代码,检验结果,检验结果单位,参考范围,检验时间,检验机构
${key},${china},${name},${code},${value},${unit},${range},${china},12330000470050017J\n`
  return { name: `${key}.csv`, mimeType: 'text/csv', buffer: Buffer.from(text) }
}

const version = async room => Number(/\d+/.exec(await room.text('package-version').catch(() => '0'))?.[0] ?? 0)

// Another page of somebody who is signed in, on a line that can be cut.
async function fragile (person, watch, id) {
  const page = await person.context.newPage()
  page.setDefaultTimeout(20_000)
  watch.attach(person.name, page)
  const line = await Cuttable.on(page)
  const same = new Person(person.name, person.context, page, person.server, person.watch)
  return { line, room: await Room.enter(same, id) }
}

// While the session runs. `admins` conduct and give data, `rooms` are the two experts'.
export async function conduct ({ watch, rooms, admins, id }) {
  const conducting = await Room.enter(admins.lead, id)

  await step('5 the lead pauses: the others are told and can only read; then it goes on', async () => {
    await conducting.id('pause-toggle').click()
    for (const room of Object.values(rooms)) await room.id('paused').waitFor()
    const { east } = rooms
    await east.tab('discussion')
    check(await east.id('discussion-input').isDisabled(), 'no words in a pause')
    const before = (await rooms.lead.annotations()).length
    check(await east.id('tool-length').isDisabled(), 'no marks in a pause')
    await east.tab('opinions')
    const draft = await east.id('opinion-draft').inputValue()
    await east.id('opinion-draft').fill(`${draft}（暂停中补充）`)
    await east.saved()
    await east.id('opinion-draft').fill(draft)
    await east.saved()
    await pictures(east, 'room-paused', 'opinions')
    await conducting.id('pause-toggle').click()
    for (const room of Object.values(rooms)) await room.id('paused').waitFor({ state: 'detached' })
    await east.say('继续讨论')
    await rooms.lead.hears('继续讨论')
    equal((await rooms.lead.annotations()).length, before, 'marks')
  })

  await step('5 a table of results dropped into the room makes the next version of the package', async () => {
    const { lead, east } = rooms
    await lead.tab('case')
    const before = await version(lead)
    const { name, mimeType, buffer } = table('live-lab', '白细胞计数', '6690-2', '5.6', '×10^9/L', '3.5-9.5')
    await east.page.evaluate(([name, type, text]) => {
      const carried = new DataTransfer()
      carried.items.add(new File([text], name, { type }))
      for (const kind of ['dragover', 'drop']) {
        document.querySelector('#stage').dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }))
      }
    }, [name, mimeType, buffer.toString('utf8')])
    await east.page.locator('[data-testid="supply-row"][data-state="done"]').filter({ hasText: name }).waitFor()
    await until('the next version', async () => await version(lead) === before + 1)
    await lead.id('value-row').filter({ hasText: '白细胞计数' }).waitFor()
    await pictures(lead, 'room-package', 'case')
  })

  await step('5 a live query to an institution runs by the clock and is answered in the room', async () => {
    const { lead } = rooms
    await lead.tab('case')
    await lead.page.locator('[data-testid="query"] summary').click()
    await lead.page.locator('#query-whom').selectOption({ label: '东方医院' })
    await lead.page.locator('#query-category').selectOption('lab_exam')
    await lead.id('query-what').fill('凝血功能')
    await lead.id('query-why').fill('评估手术出血风险')
    await lead.id('query-send').click()
    const asked = lead.id('request').filter({ hasText: '凝血功能' })
    await asked.waitFor()
    check(/\d+ 分钟/.test(await asked.innerText()), 'the minutes that are left')
    const before = await version(lead)
    const answering = await Room.enter(admins.east, id)
    await answering.tab('case')
    const request = answering.id('request').filter({ hasText: '凝血功能' })
    await request.waitFor()
    await pictures(answering, 'room-query', 'case')
    await request.getByTestId('request-rows').setInputFiles(table('live-fib', '纤维蛋白原', '3255-7', '2.8', 'g/L', '2.0-4.0'))
    await lead.page.locator('[data-testid="request"][data-state="answered"]').filter({ hasText: '凝血功能' }).waitFor()
    await lead.id('value-row').filter({ hasText: '纤维蛋白原' }).waitFor()
    equal(await version(lead), before + 1, 'the version')
    await admins.east.open('/')
  })

  await step('7 a line is lost, words are written, the tab is closed and opened again: both sides are kept', async () => {
    const { lead, east } = rooms
    const { line, room } = await fragile(east.person, watch, id)
    await watch.expecting(/WebSocket/, async () => {
      await line.go()
      await room.say('断线的一方写的')
      await lead.say('在线的一方写的')
      await room.id('kept-here').waitFor()
      await until('it is on the device', () => kept(room.page))
      await room.page.close()
    })
    const again = await fragile(east.person, watch, id)
    for (const page of [again.room, lead, east]) {
      await page.tab('discussion')
      for (const text of ['断线的一方写的', '在线的一方写的']) await page.hears(text)
    }
    await again.room.page.close()
  })
  await admins.lead.open('/')
}

// A picture of the room as it stands, and one in English with the same tab open.
async function pictures (room, name, tab) {
  await room.person.shootHere(name)
  const twin = await room.person.elsewhere('en')
  const english = await Room.enter(twin, room.consultation)
  await english.tab(tab)
  await twin.shootHere(name)
  await twin.context.close()
}

// Whether something of a room is kept on the device.
function kept (page) {
  return page.evaluate(() => new Promise(resolve => {
    const open = indexedDB.open('consilium-room', 1)
    open.onerror = () => resolve(false)
    open.onsuccess = () => {
      const all = open.result.transaction('records').objectStore('records').getAllKeys()
      all.onsuccess = () => { open.result.close(); resolve(all.result.length > 0) }
    }
  }))
}

// After both have submitted: the second version of an opinion; its text.
export async function revise ({ rooms, text }) {
  return step('5 a submitted opinion is taken up again: its second version is signed, the first stays', async () => {
    const { lead, east } = rooms
    const own = east.page.locator('[data-testid="opinion"][data-state="signed"]').filter({ hasText: text })
    await own.getByTestId('opinion-revise').click()
    await own.getByTestId('opinion-revise-confirm').click()
    await until('the draft is open again', () => east.id('opinion-draft').isEditable())
    const next = `${text}复核后维持原判断。`
    await east.id('opinion-draft').fill(next)
    await east.saved()
    await east.id('opinion-submit').click()
    await east.id('opinion-submit-confirm').click()
    for (const room of [east, lead]) {
      await room.tab('opinions')
      const signed = room.page.locator('[data-testid="opinion"][data-state="signed"]').filter({ hasText: next })
      await signed.waitFor()
      check(/2/.test(await signed.locator('.mark.good').innerText()), 'the second version')
      await signed.getByTestId('older-versions').locator('summary').click()
      await signed.getByTestId('older-versions').filter({ hasText: text }).waitFor()
    }
    await pictures(lead, 'room-version', 'opinions')
    return next
  })
}

// An expert writes without a line while the session is ended by `end`: what comes too late is shown, not lost.
export async function tooLate ({ watch, rooms, id, end }) {
  const { line, room } = await fragile(rooms.east.person, watch, id)
  await step('7 what is written without a line after the end of the session is refused and shown to its author', async () => {
    await watch.expecting(/WebSocket/, async () => {
      await line.go()
      await end()
      await room.say('散会后才写的话')
      await room.tool('length')
      await room.drag([await room.at([-10, 60]), await room.at([20, 60])])
      await line.back()
      const lost = room.id('lost-edits')
      await lost.waitFor()
      await lost.getByText('散会后才写的话').waitFor()
    })
    await room.person.shootHere('room-too-late')
    check(!(await rooms.lead.page.locator('.room-panel').innerText()).includes('散会后才写的话'), 'the others have nothing of it')
    await room.page.reload()
    await room.person.live()
    await room.id('lost-edits').getByText('散会后才写的话').waitFor()
    await room.id('dismiss').click()
    await room.id('lost-edits').waitFor({ state: 'detached' })
  })
  await room.page.close()
}

// After the conclusion, from a page that is opened anew.
export async function replay ({ rooms, id }) {
  await step('6 after the conclusion the room replays its history, and nothing in it can be changed', async () => {
    const lead = rooms.lead = await Room.enter(rooms.lead.person, id)
    await lead.tab('measurements')
    await lead.id('annotation-item').first().click()
    await until('marks on the image', async () => (await lead.annotations()).length > 0)
    const now = (await lead.annotations()).length
    await lead.tab('opinions')
    await lead.id('past-open').click()
    await lead.page.waitForFunction(() => Number(document.querySelector('[data-testid="past-slider"]')?.max) > 3)
    const move = place => lead.id('past-slider').evaluate((slider, place) => {
      slider.value = place === 'first' ? '0' : slider.max
      slider.dispatchEvent(new Event('input', { bubbles: true }))
    }, place)
    await move('first')
    await until('nothing had been drawn', async () => (await lead.annotations()).length === 0)
    await move('last')
    await until('all is drawn', async () => (await lead.annotations()).length === now)
    check((await lead.text('past-moment')).includes('·'), 'who did it, and when')
    await lead.person.shootHere('room-concluded')
    await lead.id('past-close').click()
    await lead.id('past').waitFor({ state: 'detached' })
    check(await lead.id('tool-length').isDisabled(), 'no marks after the conclusion')
    await pictures(lead, 'room-after', 'discussion')
  })
}

async function alone () {
  const server = await new Server().start()
  const browser = await launch()
  const watch = new Watch()
  const work = mkdtempSync(join(tmpdir(), 'consilium-session-'))
  try {
    const people = await signedIn(browser, server, watch, ['lead.admin', 'east.admin', 'west.admin', 'lead.expert', 'east.expert'])
    const admins = { lead: people['lead.admin'], east: people['east.admin'] }
    const id = await inSession(admins.lead, [admins.east, people['west.admin']], phantom(join(work, 'study'), PATIENT.record, 4))
    const rooms = { lead: await Room.enter(people['lead.expert'], id), east: await Room.enter(people['east.expert'], id) }
    await rooms.lead.tool('length')
    await rooms.lead.drag([await rooms.lead.at([-30, 40]), await rooms.lead.at([30, 40])])
    await rooms.east.sees('length', NAMES.lead)
    const texts = { lead: '考虑高级别胶质瘤，建议手术。', east: '建议增强磁共振后再定。' }
    for (const [who, room] of Object.entries(rooms)) await room.write(texts[who])
    for (const room of Object.values(rooms)) await room.saved()
    await conduct({ watch, rooms, admins, id })
    for (const [who, room] of Object.entries(rooms)) {
      await room.tab('opinions')
      await room.id('opinion-submit').click()
      await room.id('opinion-submit-confirm').click()
      await room.page.locator('[data-testid="opinion"][data-state="signed"]', { hasText: texts[who] }).waitFor()
    }
    await revise({ rooms, text: texts.east })
    const post = async (path, body) => {
      const { status, json } = await admins.lead.api('POST', `/api/v1/consultations/${id}/${path}`, body)
      check(status < 300, `${path} done, got ${status} ${JSON.stringify(json)}`)
    }
    await tooLate({ watch, rooms, id, end: () => post('end', {}) })
    await replay({ rooms, id })
    watch.verify()
  } catch (error) {
    console.error(error)
    if (watch.problems.length > 0) console.error(watch.problems.join('\n'))
    for (const [n, page] of browser.contexts().flatMap(context => context.pages()).entries()) {
      await page.screenshot({ path: join(tmpdir(), `session-failed-${n}.png`) }).catch(() => {})
    }
    server.printLog()
    process.exitCode = 1
  } finally {
    await browser.close()
    await server.remove()
    rmSync(work, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await alone()
