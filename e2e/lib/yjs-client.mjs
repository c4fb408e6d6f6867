// A stock Yjs provider in the live room: `yjs` and `y-websocket` as published, nothing replaced but
// the socket class, which adds the session cookie (Node has no cookie jar) and the authority.
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

export function join (server, consultation, { cookie, ticket } = {}) {
  class Socket extends WebSocket {
    constructor (url, protocols) {
      super(url, protocols, { ca: server.ca, headers: { origin: server.url, ...(cookie ? { cookie } : {}) } })
    }
  }
  const doc = new Y.Doc()
  const base = `${server.url.replace('https:', 'wss:')}/api/v1/consultations/${consultation}`
  const provider = new WebsocketProvider(base, 'live', doc, {
    WebSocketPolyfill: Socket,
    params: ticket ? { ticket } : {},
    disableBc: true,
    connect: false
  })
  const synced = new Promise((resolve, reject) => {
    provider.once('sync', resolve)
    provider.once('connection-close', event => reject(new Error(`closed with ${event?.code}`)))
    provider.once('connection-error', () => reject(new Error('connection refused')))
  })
  synced.catch(() => {})
  provider.connect()
  return { doc, provider, synced, close: () => { provider.destroy(); doc.destroy() } }
}

// `{user: {annotation: plain object}}`
export function annotations (doc) {
  return doc.getMap('annotations').toJSON()
}
