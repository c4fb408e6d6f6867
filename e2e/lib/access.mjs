// Whether everybody can use a page: axe's rules of WCAG 2.2 A and AA, and nothing that runs over the side
// on the two smallest screens promised (a laptop and a 10-inch tablet); and whether the keyboard reaches
// everything that can be pressed, showing where it is.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const SCREENS = [[1280, 720], [1024, 768]]

// What stands in the way, one line each; empty when nothing does.
export async function obstacles (page) {
  const found = []
  await page.evaluate(axe)
  const result = await page.evaluate(values => globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }), TAGS)
  for (const { id, help, nodes } of result.violations) {
    for (const { target, failureSummary } of nodes.slice(0, 5)) found.push(`${id}: ${help}: ${target.join(' ')}: ${failureSummary.split('\n').at(-1).trim()}`)
  }
  const before = page.viewportSize()
  for (const [width, height] of SCREENS) {
    await page.setViewportSize({ width, height })
    const over = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement
      if (scrollWidth <= clientWidth) return null
      const far = [...document.querySelectorAll('body *')].filter(node => node.getBoundingClientRect().right > clientWidth + 1)
      return `${scrollWidth - clientWidth} px over the side: ${far.slice(0, 3).map(node => `${node.tagName.toLowerCase()}.${node.className}`).join(', ')}`
    })
    if (over !== null) found.push(`${width} x ${height}: ${over}`)
  }
  if (before !== null) await page.setViewportSize(before)
  return found
}

// What the Tab key does not reach or does not show, one line each. Leaves the focus where it was: nowhere.
export async function unreachable (page) {
  const found = []
  await page.evaluate(() => {
    document.activeElement?.blur()
    scrollTo(0, 0)
    const may = 'a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex="0"]'
    // One of a group of radios is a stop; what is not drawn is none.
    window.waiting = new Set([...document.querySelectorAll(may)].filter(node => node.checkVisibility({ visibilityProperty: true }) && node.type !== 'radio' && node.tabIndex >= 0))
  })
  const stops = await page.evaluate(() => window.waiting.size)
  for (let n = 0; n < 2 * stops + 4; n++) {
    await page.keyboard.press('Tab')
    const state = await page.evaluate(() => {
      const node = document.activeElement
      if (node === document.body || node === null) return { left: window.waiting.size }
      window.waiting.delete(node)
      const looks = [node, node.labels?.[0], node.parentElement].filter(Boolean).map(of => getComputedStyle(of))
      // The button of a calendar inside a field has a ring that the browser draws itself.
      const shown = /^date/.test(node.type) || looks.some(look => (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== 'none')
      return { left: window.waiting.size, hidden: shown ? null : `${node.tagName.toLowerCase()}#${node.id}.${node.className} ${node.textContent.trim().slice(0, 30)}` }
    })
    if (state.hidden != null) found.push(`no visible focus: ${state.hidden}`)
    if (state.left === 0) break
  }
  const left = await page.evaluate(() => {
    const names = [...window.waiting].map(node => `${node.tagName.toLowerCase()}#${node.id}.${node.className} ${node.textContent.trim().slice(0, 30)}`)
    document.activeElement?.blur()
    return names
  })
  return [...new Set(found), ...left.map(name => `not reached by Tab: ${name}`)]
}
