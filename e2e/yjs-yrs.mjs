// Histories that yjs writes, read by yrs: the gate for a new version of either.
//
//   node e2e/yjs-yrs.mjs [HISTORIES] [SEED]      300 in CI, 12000 before yrs is upgraded
//
// Three clients edit a map, a text and an array, nested types included, with offline stretches. The built
// `consilium-bench histories` reads the updates in order, the whole state, and a shuffled stream with
// duplicates that ends with an exchange of state vectors. In order nothing may differ; after the exchange
// nothing may differ either. What shuffling alone leaves behind is counted: no room may rely on it.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'

const CLIENTS = 3
const WORDS = ['a', 'zig', '影像', '左额叶', '👩‍⚕️', 'é', '\n', '😀x']

// mulberry32: the same seed, the same histories.
export function random (seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return (t ^ t >>> 14) >>> 0
  }
  return { below: end => next() % Math.max(1, end), pick: list => list[next() % list.length] }
}

const sight = doc => ({ m: doc.getMap('m').toJSON(), t: doc.getText('t').toString(), a: doc.getArray('a').toJSON() })

// Places between characters, as editors know them: never inside a surrogate pair.
function between (text, at) {
  const low = text.charCodeAt(at)
  return low >= 0xDC00 && low <= 0xDFFF ? at - 1 : at
}

function value (rng) {
  return rng.pick([
    () => rng.below(1000), () => -1 - rng.below(9), () => rng.below(100) / 8, () => rng.pick(WORDS), () => true, () => null,
    () => ({ points: [[rng.below(512), 0.5], [1, 2]], label: rng.pick(WORDS) }),
    () => new Y.Map([['kind', 'length'], ['n', rng.below(9)]]), () => new Y.Text(rng.pick(WORDS)), () => Y.Array.from([1, 'b'])
  ])()
}

function edit (doc, rng) {
  const map = doc.getMap('m')
  const text = doc.getText('t')
  const array = doc.getArray('a')
  const write = (target, words) => target.insert(between(target.toString(), rng.below(target.length + 1)), words)
  const erase = target => {
    const words = target.toString()
    const from = between(words, rng.below(words.length))
    const to = between(words, Math.min(words.length, from + 1 + rng.below(4)))
    if (to > from) target.delete(from, to - from)
  }
  const steps = [
    () => write(text, rng.pick(WORDS)),
    () => write(text, rng.pick(WORDS)),
    () => erase(text),
    () => map.set(`k${rng.below(5)}`, value(rng)),
    () => map.delete(`k${rng.below(5)}`),
    () => array.insert(rng.below(array.length + 1), [value(rng), rng.below(7)]),
    () => { if (array.length > 0) array.delete(rng.below(array.length), 1) },
    () => {
      // Inside whatever shared type stands somewhere.
      const inner = [...map.values(), ...array.toArray()].filter(one => one instanceof Y.AbstractType)
      if (inner.length === 0) return
      const one = rng.pick(inner)
      if (one instanceof Y.Map) one.set(`n${rng.below(3)}`, rng.below(99))
      else if (one instanceof Y.Text) rng.below(3) === 0 ? erase(one) : write(one, rng.pick(WORDS))
      else if (one instanceof Y.Array) one.push([rng.below(9)])
    }
  ]
  doc.transact(() => { for (let n = 1 + rng.below(3); n > 0; n--) rng.pick(steps)() })
}

// Updates in an order in which each can be applied, and a document that has them all.
export function history (seed) {
  const rng = random(seed)
  const updates = []
  const docs = []
  const queues = []
  for (let at = 0; at < CLIENTS; at++) {
    const doc = new Y.Doc()
    doc.clientID = 1 + at + CLIENTS * rng.below(1 << 20)
    // What has not been sent yet: several edits offline become one update or several.
    const queue = []
    doc.on('update', (update, origin) => { if (origin !== 'remote') queue.push(update) })
    docs.push(doc)
    queues.push(queue)
  }
  const send = at => {
    const pending = queues[at].splice(0)
    const batch = pending.length > 1 && rng.below(2) === 0 ? [Y.mergeUpdates(pending)] : pending
    for (const update of batch) {
      updates.push(update)
      docs.forEach((doc, other) => { if (other !== at && rng.below(3) > 0) Y.applyUpdate(doc, update, 'remote') })
    }
  }
  const pull = at => updates.forEach(update => Y.applyUpdate(docs[at], update, 'remote'))
  for (let step = 12 + rng.below(30); step > 0; step--) {
    const at = rng.below(CLIENTS)
    // One who has missed something catches up before writing on it: the stream stays in order.
    pull(at)
    for (let n = 1 + rng.below(3); n > 0; n--) edit(docs[at], rng)
    if (rng.below(4) > 0) send(at)
  }
  docs.forEach((_, at) => send(at))
  const all = new Y.Doc()
  updates.forEach(update => Y.applyUpdate(all, update))
  const order = updates.flatMap((_, at) => rng.below(5) === 0 ? [at, at] : [at])
  for (let at = order.length - 1; at > 0; at--) {
    const other = rng.below(at + 1)
    ;[order[at], order[other]] = [order[other], order[at]]
  }
  return { updates, order, all }
}

const base64 = bytes => Buffer.from(bytes).toString('base64')
const bytes = text => Uint8Array.from(Buffer.from(text, 'base64'))

// yjs writes {client: clock} in any order.
const vector = text => [...Y.decodeStateVector(bytes(text))].sort((a, b) => a[0] - b[0])

class Reader {
  constructor (program) {
    this.child = spawn(program, ['histories'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.waiting = []
    this.child.on('error', error => this.fail(error))
    this.child.on('exit', code => this.fail(new Error(`the reader ended with ${code}`)))
    createInterface({ input: this.child.stdout }).on('line', line => this.waiting.shift()?.resolve(JSON.parse(line)))
  }

  fail (error) {
    for (const { reject } of this.waiting.splice(0)) reject(error)
  }

  ask (question) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.child.stdin.write(`${JSON.stringify(question)}\n`)
    })
  }

  end () {
    this.child.removeAllListeners('exit')
    this.child.stdin.end()
  }
}

export async function gate (program, count, seed) {
  const reader = new Reader(program)
  const wrong = { ordered: 0, full: 0, back: 0, lossy: 0, healed: 0, spoilt: 0, anew: 0 }
  const shown = []
  try {
    for (let n = 0; n < count; n++) {
      const { updates, order, all } = history(seed + n)
      const wanted = { sight: sight(all), vector: vector(base64(Y.encodeStateVector(all))) }
      const same = said => isDeepStrictEqual(said.sight, wanted.sight) &&
        isDeepStrictEqual(vector(said.vector), wanted.vector) && !said.pending
      const answer = await reader.ask({ updates: updates.map(base64), order, state: base64(Y.encodeStateAsUpdate(all)) })
      const back = new Y.Doc()
      Y.applyUpdate(back, bytes(answer.state))
      const checks = { ordered: same(answer.ordered), full: same(answer.full), back: isDeepStrictEqual(sight(back), wanted.sight), lossy: same(answer.lossy) }
      if (answer.spoilt) wrong.spoilt++
      const missing = Y.encodeStateAsUpdate(all, bytes(answer.lossy.vector))
      let healed = await reader.ask({ missing: base64(missing) })
      if (healed.spoilt) {
        wrong.anew++
        healed = await reader.ask({ missing: base64(Y.encodeStateAsUpdate(all)) })
      }
      checks.healed = same(healed)
      for (const [name, fine] of Object.entries(checks)) {
        if (fine) continue
        wrong[name]++
        if (name !== 'lossy' && shown.length < 3) shown.push(`seed ${seed + n}: ${name}`)
      }
    }
  } finally {
    reader.end()
  }
  return { wrong, shown }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const count = Number(process.argv[2] ?? 300)
  const seed = Number(process.argv[3] ?? 1)
  const program = process.env.CONSILIUM_BENCH ?? fileURLToPath(new URL('../target/debug/consilium-bench', import.meta.url))
  if (!existsSync(program)) throw new Error(`${program} is missing: cargo build --package consilium-bench`)
  const { wrong, shown } = await gate(program, count, seed)
  console.log(`yjs against yrs, ${count} histories from seed ${seed}: in order ${wrong.ordered} differ, from the whole state ${wrong.full}, ` +
    `read back by yjs ${wrong.back}; shuffled with duplicates ${wrong.lossy} behind (in ${wrong.spoilt} yrs panicked), after an exchange of state vectors ${wrong.healed} (${wrong.anew} by a new copy, because yrs panicked)`)
  for (const line of shown) console.log(line)
  if (wrong.ordered + wrong.full + wrong.back + wrong.healed > 0) process.exitCode = 1
}
