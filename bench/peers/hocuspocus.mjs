// Hocuspocus as its documentation starts it: no extension, documents in memory. HOST and PORT say where.
import { Server } from '@hocuspocus/server'

const server = new Server({
  address: process.env.HOST,
  port: Number(process.env.PORT),
  quiet: true,
  onAuthenticate: async ({ token }) => {
    if (token.length === 0) throw new Error('no token')
  }
})
await server.listen()
