// Time from drawing in one browser to seeing it in the other, on one machine and one clock; frames a second while
// ten others draw; time of a key in a long opinion.
//
//   node e2e/latency.mjs [STROKES]            against a demo server of its own
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launch, Watch } from './lib/browser.mjs'
import { Room } from './lib/room.mjs'
import { phantom, Server } from './lib/server.mjs'
import { inSession, PATIENT, signedIn } from './lib/stories.mjs'
import { join } from './lib/yjs-client.mjs'

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

// Ten stock clients draw strokes for `seconds`, each at 20 a second; what the page of `room` paints meanwhile.
// `drawers` are signed-in people; each may draw from several places.
export async function painting (server, room, drawers, seconds) {
  const { json: series } = await room.person.api('GET', `/api/v1/consultations/${room.consultation}/series`)
  await room.page.locator('#stage').focus()
  await room.page.keyboard.press('End')
  await room.original()
  const image = { series: series[0].id, instance: series[0].instances.at(-1).id, frame: 0 }
  const clients = []
  for (let n = 0; n < 10; n++) {
    const person = drawers[n % drawers.length]
    const client = join(server, room.consultation, { cookie: await person.cookie() })
    await client.synced
    clients.push(client)
  }
  await room.page.evaluate(() => {
    window.frames20 = []
    let last
    const paint = now => {
      if (last !== undefined) window.frames20.push(now - last)
      last = now
      window.painting = requestAnimationFrame(paint)
    }
    window.painting = requestAnimationFrame(paint)
  })
  const end = Date.now() + seconds * 1000
  for (let step = 0; Date.now() < end; step++) {
    clients.forEach(({ provider }, n) => {
      const points = Array.from({ length: 2 + step % 60 }, (_, i) => [60 + n * 38 + 6 * Math.sin(i / 4), 60 + i * 5])
      const drawing = { kind: 'freehand', image, points, label: '', at_ms: Date.now() }
      provider.awareness.setLocalState({ cursor: { image, x: points.at(-1)[0], y: points.at(-1)[1] }, drawing })
    })
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const { gaps, strokes } = await room.page.evaluate(() => {
    cancelAnimationFrame(window.painting)
    return { gaps: window.frames20, strokes: document.querySelectorAll('[data-testid="stroke"]').length }
  })
  for (const client of clients) client.close()
  const sorted = gaps.toSorted((a, b) => a - b)
  const rate = 1000 * gaps.length / gaps.reduce((sum, gap) => sum + gap, 0)
  console.log(`while ten others draw (${strokes} strokes on the stage): ${rate.toFixed(1)} frames a second, ` +
    `between frames p95 ${at(sorted, 0.95).toFixed(1)} ms, most ${at(sorted, 1).toFixed(1)} ms, of ${sorted.length}`)
  return rate
}

// Types `keys` characters at the end of an own draft of about `bytes` bytes: from the key event to the end of its
// handlers, and to the next frame.
export async function typing (room, bytes, keys) {
  await room.write('左额叶类圆形低密度影，边界不清，周围轻度水肿。'.repeat(Math.ceil(bytes / 69)))
  await room.saved()
  const field = room.id('opinion-draft')
  await field.focus()
  await room.page.keyboard.press('Control+End')
  await room.page.evaluate(() => {
    window.keys = []
    const field = document.querySelector('[data-testid="opinion-draft"]')
    field.addEventListener('beforeinput', () => {
      const began = performance.now()
      const key = {}
      window.keys.push(key)
      // Tasks run after the handlers of this input, which include the page's own.
      const channel = new MessageChannel()
      channel.port1.onmessage = () => { key.handled ??= performance.now() - began }
      channel.port2.postMessage(0)
      requestAnimationFrame(() => { key.painted = performance.now() - began })
    }, { capture: true })
  })
  for (let n = 0; n < keys; n++) {
    await room.page.keyboard.press('a')
    await room.page.waitForFunction(count => window.keys.length === count && window.keys.at(-1).painted !== undefined, n + 1, { polling: 'raf' })
  }
  await room.saved()
  const measured = await room.page.evaluate(() => window.keys)
  for (const [name, words] of [['handled', 'handled'], ['painted', 'next frame']]) {
    const sorted = measured.map(key => key[name]).filter(Number.isFinite).toSorted((a, b) => a - b)
    console.log(`a key in an opinion of ${Math.round(bytes / 1000)} KB, ${words}: median ${at(sorted, 0.5).toFixed(1)} ms, ` +
      `p95 ${at(sorted, 0.95).toFixed(1)} ms, most ${at(sorted, 1).toFixed(1)} ms, of ${sorted.length}`)
  }
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
  const work = mkdtempSync(joinPath(tmpdir(), 'consilium-latency-'))
  try {
    const people = await signedIn(browser, server, watch, ['lead.admin', 'east.admin', 'west.admin', 'lead.expert', 'east.expert', 'west.expert'])
    const files = phantom(work, PATIENT.record, 4)
    const id = await inSession(people['lead.admin'], [people['east.admin'], people['west.admin']], files)
    const lead = await Room.enter(people['lead.expert'], id)
    const east = await Room.enter(people['east.expert'], id)
    report(await measure(lead, east, '顾文渊', Number(process.argv[2] ?? 100)))
    await painting(server, lead, [people['east.expert'], people['west.expert']], 8)
    await typing(lead, 20_000, 100)
    watch.verify()
  } finally {
    await browser.close()
    await server.remove()
    rmSync(work, { recursive: true, force: true })
  }
}
