// A page whose sockets to the room can be cut and let back, while the rest of the network goes on: the server
// and the other pages notice nothing but that somebody left.

export class Cuttable {
  constructor (page) {
    this.page = page
    this.cut = false
    this.sockets = new Set()
  }

  // Before the page is opened: sockets of pages that are there already stay as they are.
  static async on (page) {
    const line = new Cuttable(page)
    await page.routeWebSocket(/\/live(\/notes)?(\?|$)/, socket => {
      if (line.cut) return socket.close({ code: 3000, reason: 'cut' })
      const server = socket.connectToServer()
      line.sockets.add({ socket, server })
    })
    return line
  }

  async go () {
    this.cut = true
    for (const { socket, server } of this.sockets) {
      await server.close({ code: 3000, reason: 'cut' })
      await socket.close({ code: 3000, reason: 'cut' })
    }
    this.sockets.clear()
    await this.page.locator('[data-testid="saved-state"][data-state="offline"]').waitFor()
  }

  // The page is told that the network is back, as a browser tells it.
  async back () {
    this.cut = false
    await this.page.evaluate(() => dispatchEvent(new Event('online')))
  }
}
