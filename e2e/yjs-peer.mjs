// Stock Yjs clients for a test that is written elsewhere: reads one command a line, answers one line each.
// `yjs` and `y-websocket` as published (lib/yjs-client.mjs); crates/testkit drives it.
//
//   {"join": "name", "server": "https://..", "authority": FILE, "consultation": ID, "cookie": "..", "me": ACCOUNT}
//   {"edit": "name", "kind": 0.., "seed": n}     {"cut": "name"}     {"back": "name", "server": "https://.."}
//   {"leave": "name"}     {"equal": [base64 states]}: whether all documents here and these are the same
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'
import { join } from './lib/yjs-client.mjs'
import { until } from './lib/step.mjs'

const ROOTS = ['annotations', 'opinions', 'discussion', 'session']
const clients = new Map()
const socketUrl = url => url.replace('https:', 'wss:')

const sight = doc => Object.fromEntries(ROOTS.map(name => [name, doc.getMap(name).toJSON()]))
const vector = doc => [...Y.decodeStateVector(Y.encodeStateVector(doc))].filter(([, clock]) => clock > 0).sort((a, b) => a[0] - b[0])

function edit ({ doc, me }, kind, seed) {
  const own = name => doc.getMap(name).get(me)
  const text = own('opinions')
  doc.transact(() => [
    () => own('annotations').set(`s${seed % 6}`, {
      kind: 'length', image: { series: 's', instance: 'i', frame: 0 }, points: [[seed % 512, 0.5], [1, 2]], label: '标', at_ms: seed
    }),
    () => own('annotations').delete(`s${seed % 6}`),
    () => text.insert(seed % (text.length + 1), ['考虑', 'x', '。'][seed % 3]),
    () => { if (text.length > 3) text.delete(seed % (text.length - 2), 2) },
    () => own('discussion').push([{ id: `s${seed}`, text: `第${seed}句`, at_ms: seed }])
  ][kind % 5]())
}

const acts = {
  join: async (name, { server, authority, consultation, cookie, me }) => {
    const at = { url: server, ca: readFileSync(authority) }
    const joined = join(at, consultation, { cookie })
    await joined.synced
    const client = { ...joined, me, at }
    await until('own places', () => ROOTS.slice(0, 3).every(root => client.doc.getMap(root).has(me)))
    clients.set(name, client)
  },
  edit: (name, { kind, seed }) => edit(clients.get(name), kind, seed),
  cut: name => clients.get(name).provider.disconnect(),
  back: async (name, { server }) => {
    const { provider, at } = clients.get(name)
    provider.disconnect()
    at.url = server
    provider.serverUrl = provider.serverUrl.replace(/^wss:\/\/[^/]*/, socketUrl(server))
    const synced = new Promise(resolve => {
      const look = yes => {
        if (!yes) return
        provider.off('sync', look)
        resolve()
      }
      provider.on('sync', look)
    })
    provider.connect()
    await synced
  },
  leave: name => {
    clients.get(name).close()
    clients.delete(name)
  },
  equal: states => {
    const docs = [...clients.values()].map(client => client.doc)
    for (const state of states) {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, Uint8Array.from(Buffer.from(state, 'base64')))
      docs.push(doc)
    }
    const all = docs.map(doc => ({ sight: sight(doc), vector: vector(doc) }))
    return all.every(one => isDeepStrictEqual(one, all[0]))
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  const [act] = Object.keys(command).filter(key => key in acts)
  let answer
  try {
    answer = { ok: await acts[act](command[act], command) ?? true }
  } catch (error) {
    answer = { error: String(error?.stack ?? error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
process.exit(0)
