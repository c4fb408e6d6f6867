// Whether everybody can use a page: axe's rules of WCAG 2.2 A and AA, and nothing that runs over the side
// on the two smallest screens promised (a laptop and a 10-inch tablet).
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
