// Time from drawing in one browser to seeing it in the other, on one machine and one clock.
//
//   node e2e/latency.mjs [STROKES]            against a demo server of its own
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launch, Watch } from './lib/browser.mjs'
import { Room } from './lib/room.mjs'
import { phantom, Server } from './lib/server.mjs'
import { inSession, PATIENT, signedIn } from './lib/stories.mjs'

// Draws `strokes` lengths in `from` and watches the layer of `to`. A stroke counts from the pointer
// event in one page to the frame in which the other has it: once in progress, once finished.
export async function measure (from, to, author, strokes) {
  for (const room of [from, to]) {
    await room.reset()
    await room.page.locator('#stage').focus()
    await room.page.keyboard.press('End')
    await room.original()
  }
  await from.tool('length')
  await from.page.evaluate(() => {
    const stamp = name => event => { window[name] = performance.timeOrigin + event.timeStamp }
    addEventListener('pointermove', stamp('lastMove'), { capture: true })
    addEventListener('pointerup', stamp('lastUp'), { capture: true })
  })
  await to.page.evaluate(author => {
    window.seen = {}
    const look = () => {
      const now = performance.timeOrigin + performance.now()
      for (const node of document.querySelectorAll('[data-testid="stroke"], [data-testid="annotation"]')) {
        if (node.dataset.authorName !== author) continue
        const key = `${node.dataset.testid} ${node.dataset.id} ${node.querySelector('path')?.getAttribute('d')}`
        window.seen[key] ??= now
      }
    }
    new MutationObserver(() => requestAnimationFrame(look)).observe(
      document.querySelector('[data-testid="viewer-layer"]'), { childList: true, subtree: true, attributes: true })
  }, author)
  const count = () => to.page.evaluate(() => Object.keys(window.seen).length)
  const newer = async known => {
    await to.page.waitForFunction(known => Object.keys(window.seen).length > known, known, { polling: 'raf' })
    return to.page.evaluate(known => Object.values(window.seen).slice(known)[0], known)
  }
  const times = { stroke: [], annotation: [] }
  for (let n = 0; n < strokes; n++) {
    const y = -100 + (n % 20) * 9
    const x = -90 + Math.floor(n / 20) * 30
    await from.page.mouse.move(...await from.at([x, y]))
    await from.page.mouse.down()
    let known = await count()
    await from.page.mouse.move(...await from.at([x + 20, y]))
    const moved = await from.page.evaluate(() => window.lastMove)
    times.stroke.push(await newer(known) - moved)
    known = await count()
    await from.page.mouse.up()
    const up = await from.page.evaluate(() => window.lastUp)
    times.annotation.push(await newer(known) - up)
  }
  await from.saved()
  return times
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

// Prints the figures; the medians.
export function report (times) {
  const medians = {}
  for (const [what, values] of Object.entries(times)) {
    const sorted = values.toSorted((a, b) => a - b)
    const words = { stroke: 'stroke in progress', annotation: 'finished annotation' }[what]
    console.log(`latency ${words}: median ${at(sorted, 0.5).toFixed(1)} ms, p95 ${at(sorted, 0.95).toFixed(1)} ms, most ${at(sorted, 1).toFixed(1)} ms, of ${sorted.length}`)
    medians[what] = at(sorted, 0.5)
  }
  return medians
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await new Server().start()
  const browser = await launch()
  const watch = new Watch()
  const work = mkdtempSync(join(tmpdir(), 'consilium-latency-'))
  try {
    const people = await signedIn(browser, server, watch, ['lead.admin', 'east.admin', 'west.admin', 'lead.expert', 'east.expert'])
    const files = phantom(work, PATIENT.record, 4)
    const id = await inSession(people['lead.admin'], [people['east.admin'], people['west.admin']], files)
    const lead = await Room.enter(people['lead.expert'], id)
    const east = await Room.enter(people['east.expert'], id)
    report(await measure(lead, east, '顾文渊', Number(process.argv[2] ?? 100)))
    watch.verify()
  } finally {
    await browser.close()
    await server.remove()
    rmSync(work, { recursive: true, force: true })
  }
}
