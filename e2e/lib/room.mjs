// A person in the live room: hands on the stage, eyes on what the layer shows.

// Facts of the phantom: 512 x 512 over 250 mm, two rods 100 mm apart behind the head.
export const SPACING_MM = 0.488281
export const RODS = [[-50, 112], [50, 112]]
export const RODS_MM = 100
const SIDE = 512

export class Room {
  constructor (person, consultation) {
    this.person = person
    this.page = person.page
    this.consultation = consultation
  }

  static async enter (person, consultation) {
    const room = new Room(person, consultation)
    await person.open(`/consultations/${consultation}/room`)
    await room.ready()
    return room
  }

  id (name) {
    return this.page.getByTestId(name)
  }

  async ready () {
    await this.id('saved-state').and(this.page.locator('[data-state="saved"]')).waitFor()
    await this.original()
  }

  async original () {
    await this.id('viewer-canvas').and(this.page.locator('[data-quality="original"]')).waitFor()
  }

  async saved () {
    await this.id('saved-state').and(this.page.locator('[data-state="saved"]')).waitFor()
  }

  async stage () {
    return this.page.locator('#stage').boundingBox()
  }

  // Where a point of the phantom is on the page while the picture is fitted, CSS pixels.
  async at ([xMm, yMm]) {
    const box = await this.stage()
    const fit = Math.min(box.width, box.height) / SIDE
    return [
      Math.round(box.x + box.width / 2 + xMm / SPACING_MM * fit),
      Math.round(box.y + box.height / 2 + yMm / SPACING_MM * fit)
    ]
  }

  async reset () {
    await this.id('tool-reset').click()
  }

  async tool (code) {
    await this.id(`tool-${code}`).click()
    await this.page.locator(`#stage[data-tool="${code}"]`).waitFor()
  }

  // Presses at the first point, moves through the others and stays down.
  async hold (points, steps = 6) {
    const [first, ...rest] = points
    await this.page.mouse.move(...first)
    await this.page.mouse.down()
    for (const point of rest) await this.page.mouse.move(...point, { steps })
  }

  async release () {
    await this.page.mouse.up()
  }

  async drag (points, steps) {
    await this.hold(points, steps)
    await this.release()
  }

  text (name) {
    return this.id(name).innerText()
  }

  // Waits until a readout is different from `before`; the new one.
  async changes (name, before) {
    await this.page.waitForFunction(
      ([id, old]) => document.querySelector(`[data-testid="${id}"]`)?.innerText !== old, [name, before])
    return this.text(name)
  }

  // Finished annotations of an author's name, as their data.
  async annotations (name) {
    return this.id('annotation').evaluateAll((nodes, author) => nodes
      .map(node => ({ ...node.dataset }))
      .filter(data => author === undefined || data.authorName === author), name)
  }

  async sees (kind, author, count = 1) {
    await this.page.waitForFunction(
      ([kind, author, count]) => [...document.querySelectorAll('[data-testid="annotation"]')]
        .filter(node => node.dataset.kind === kind && node.dataset.authorName === author).length === count,
      [kind, author, count])
  }

  async seesStroke (author) {
    await this.page.waitForFunction(
      author => [...document.querySelectorAll('[data-testid="stroke"]')].some(node => node.dataset.authorName === author), author)
  }

  async tab (code) {
    await this.id(`tab-${code}`).click()
    await this.page.locator(`[data-testid="tab-${code}"][aria-selected="true"]`).waitFor()
  }

  async write (text) {
    await this.tab('opinions')
    await this.id('opinion-draft').fill(text)
  }

  async seesOpinion (text) {
    await this.page.waitForFunction(
      text => [...document.querySelectorAll('[data-testid="opinion"]')].some(node => node.textContent.includes(text)), text)
  }

  async say (text) {
    await this.tab('discussion')
    await this.id('discussion-input').fill(text)
    await this.id('discussion-send').click()
  }

  async hears (text) {
    await this.page.waitForFunction(
      text => [...document.querySelectorAll('[data-testid="discussion-line"]')].some(node => node.textContent.includes(text)), text)
  }
}
