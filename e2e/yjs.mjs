// An unmodified Yjs client in the live room: `yjs` and `y-websocket` as published.
//
//   node e2e/yjs.mjs            against a demo server of its own
import { pathToFileURL } from 'node:url'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import * as Y from 'yjs'
import { launch, Watch } from './lib/browser.mjs'
import { RODS, Room } from './lib/room.mjs'
import { phantom, Server } from './lib/server.mjs'
import { check, equal, step, until } from './lib/step.mjs'
import { inSession, PATIENT, signedIn } from './lib/stories.mjs'
import { annotations, join } from './lib/yjs-client.mjs'

// `person` joins with the stock provider, once by cookie and once by ticket; `room` is our own page.
export async function convergesWithStockClient (server, consultation, person, room) {
  const me = (await person.api('GET', '/api/v1/session')).json.account_id
  const byCookie = join(server, consultation, { cookie: await person.cookie() })
  await byCookie.synced
  const { status, json } = await person.api('POST', `/api/v1/consultations/${consultation}/live-ticket`)
  equal(status, 200, 'a ticket')
  const byTicket = join(server, consultation, { ticket: json.ticket })
  await byTicket.synced
  try {
    const all = Object.values(annotations(byCookie.doc)).flatMap(own => Object.values(own))
    const drawn = (await room.annotations()).length
    check(all.length >= drawn && drawn > 0, `the ${drawn} annotations of the page, got ${all.length}`)
    check(all.every(a => Array.isArray(a.points) && a.image.series), 'their shape')
    equal(Y.encodeStateVector(byTicket.doc), Y.encodeStateVector(byCookie.doc), 'both stock copies')

    // Awareness goes both ways, the name stamped by the server and not taken from the client.
    byCookie.provider.awareness.setLocalState({ user: { name: '冒名者' }, cursor: { image: all[0].image, x: 100, y: 100 } })
    const name = (await person.api('GET', '/api/v1/session')).json.display_name
    await room.page.locator(`[data-testid="person"][data-name="${name}"]`).waitFor()
    equal(await room.page.getByText('冒名者').count(), 0, 'people under a name of their own choice')

    // A discussion line of the stock client appears in the page, and the page's in both stock copies.
    const lines = await until('an own discussion list', () => byCookie.doc.getMap('discussion').get(me))
    lines.push([{ id: 'stock-1', text: '来自标准 Yjs 客户端', at_ms: Date.now() }])
    await room.tab('discussion')
    await room.hears('来自标准 Yjs 客户端')
    await room.say('收到标准客户端的话')
    for (const { doc } of [byCookie, byTicket]) {
      await until('the answer', () => JSON.stringify(doc.getMap('discussion').toJSON()).includes('收到标准客户端的话'))
    }
    await until('the same state', () =>
      Buffer.from(Y.encodeStateVector(byTicket.doc)).equals(Buffer.from(Y.encodeStateVector(byCookie.doc))))

    // Writing for somebody else is refused and leaves no trace.
    const other = [...byTicket.doc.getMap('annotations').keys()].find(key => key !== me)
    const closed = new Promise(resolve => byTicket.provider.once('connection-close', event => resolve(event?.code)))
    byTicket.doc.getMap('annotations').get(other).set('forged', new Y.Map([['kind', 'length']]))
    equal(await closed, 4403, 'close code of a forged annotation')
    byTicket.close()
    check(!JSON.stringify(annotations(byCookie.doc)).includes('forged'), 'no trace of it')
  } finally {
    byTicket.close()
    byCookie.close()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await new Server().start()
  const browser = await launch()
  const watch = new Watch()
  const work = mkdtempSync(joinPath(tmpdir(), 'consilium-yjs-'))
  try {
    const people = await signedIn(browser, server, watch, ['lead.admin', 'east.admin', 'west.admin', 'lead.expert'])
    const files = phantom(work, PATIENT.record, 2)
    const id = await inSession(people['lead.admin'], [people['east.admin'], people['west.admin']], files)
    const room = await Room.enter(people['lead.expert'], id)
    await room.tool('length')
    await room.drag([await room.at(RODS[0]), await room.at(RODS[1])])
    await room.saved()
    await step('an unmodified yjs client joins and converges', () => convergesWithStockClient(server, id, people['west.admin'], room))
    watch.verify()
  } finally {
    await browser.close()
    await server.remove()
    rmSync(work, { recursive: true, force: true })
  }
}
