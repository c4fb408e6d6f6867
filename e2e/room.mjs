// What people do together in a room beyond drawing: hands and the chair, undo, private words, threads and
// citations, questions, what the lead hides, the history, and a page that is closed while the server is away.
import { check, equal, step, until } from './lib/step.mjs'
import { Room } from './lib/room.mjs'

const hand = (room, name, place) => room.page.locator(`[data-testid="person"][data-name="${name}"][data-hand="${place}"]`).waitFor()
const line = (room, text) => room.page.locator('[data-testid="discussion-line"]').filter({ hasText: text })

export async function workTogether ({ server, watch, rooms, names, words, id }) {
  const { lead, east } = rooms

  await step('5 a hand is raised and lowered with one key; the chair goes over and is followed with one key', async () => {
    await east.page.locator('#stage').focus()
    await east.page.keyboard.press('h')
    await hand(lead, names.east, 1)
    await lead.id('people-toggle').click()
    await lead.id('people-card').waitFor()
    await lead.person.shootHere('room-people')
    const row = lead.page.locator(`[data-testid="people-row"][data-name="${names.east}"]`)
    const own = await lead.text('slice-label')
    await east.page.keyboard.press('End')
    const shown = await east.changes('slice-label', own)
    await row.getByTestId('give-chair').click()
    await lead.page.waitForFunction(text => document.querySelector('[data-testid="slice-label"]').innerText === text, shown)
    await lead.id('people-toggle').click()
    await lead.page.locator('#stage').focus()
    await lead.page.keyboard.press('f')
    await lead.page.waitForFunction(text => document.querySelector('[data-testid="slice-label"]').innerText === text, own)
    await east.page.keyboard.press('h')
    await hand(lead, names.east, 0)
    await lead.id('present-toggle').click()
    await lead.page.locator('[data-testid="present-toggle"][aria-pressed="true"]').waitFor()
    await lead.id('present-toggle').click()
  })

  await step('5 undo takes back the own act and no other; redo brings it back', async () => {
    await lead.page.locator('#stage').focus()
    await lead.page.keyboard.press('Home')
    await east.page.locator('#stage').focus()
    await east.page.keyboard.press('Home')
    for (const room of [lead, east]) await room.page.waitForFunction(() => document.querySelector('[data-testid="slice-slider"]').value === '1')
    const before = { lead: (await east.annotations(names.lead)).length, east: (await lead.annotations(names.east)).length }
    await lead.tool('length')
    await lead.drag([await lead.at([-30, -40]), await lead.at([30, -40])])
    const count = (room, name, wanted) => room.page.waitForFunction(([name, wanted]) => [...document.querySelectorAll('[data-testid="annotation"]')]
      .filter(node => node.dataset.authorName === name).length === wanted, [name, wanted])
    await count(east, names.lead, before.lead + 1)
    await lead.page.locator('#stage').focus()
    await lead.page.keyboard.press('Control+z')
    await count(east, names.lead, before.lead)
    equal((await lead.annotations(names.east)).length, before.east, 'marks of the other')
    await lead.id('redo').click()
    await count(east, names.lead, before.lead + 1)
    await lead.id('undo').click()
    await count(east, names.lead, before.lead)
    await lead.tool('window')
  })

  await step('5 an opinion is written with a list and bold words, unseen until its author shares it', async () => {
    await east.tab('opinions')
    await east.id('share-toggle').uncheck()
    const secret = '暂不公开的判断'
    await east.id('opinion-draft').fill(secret)
    await east.saved()
    await east.id('opinion-draft').selectText()
    await east.page.keyboard.press('Control+b')
    await east.page.waitForFunction(text => document.querySelector('#opinion-draft').value === `**${text}**`, secret)
    await east.saved()
    await lead.tab('opinions')
    check(!(await lead.page.locator('.room-panel').innerText()).includes(secret), 'nothing of the private draft at the other')
    await east.id('share-toggle').check()
    await lead.page.locator('[data-testid="opinion-text"] strong').filter({ hasText: secret }).waitFor()
    await east.id('templates').selectOption({ index: 1 })
    await until('the template is there', async () => (await east.id('opinion-draft').inputValue()).length > secret.length + 10)
    await east.page.keyboard.press('Control+z')
    await until('and gone again', async () => await east.id('opinion-draft').inputValue() === `**${secret}**`)
    await east.saved()
    await east.person.shootHere('room-opinion')
  })

  await step('5 private notes are kept and nobody else has them', async () => {
    await east.tab('notes')
    await east.id('notes').fill('只给自己看：问家属用药')
    await east.saved()
    await east.page.reload()
    await east.person.live()
    await east.ready()
    await east.tab('notes')
    await until('the notes are back', async () => await east.id('notes').inputValue() === '只给自己看：问家属用药')
    await lead.tab('notes')
    equal(await lead.id('notes').inputValue(), '', 'notes of the other')
  })

  await step('5 replies, mentions and citations; a line is hidden by the lead and shown again', async () => {
    await lead.say('这处密度如何解释')
    await east.tab('discussion')
    await line(east, '这处密度如何解释').getByTestId('line-reply').click()
    await east.id('discussion-input').pressSequentially(`请@${names.lead.slice(0, 1)}`)
    await east.id('mention-choice').filter({ hasText: names.lead }).click()
    await east.id('line-cite').click()
    await east.id('line-cite-choice').first().click()
    await east.id('discussion-input').press('End')
    await east.id('discussion-input').pressSequentially('看测量')
    await lead.id('typing').filter({ hasText: names.east }).waitFor()
    await east.id('discussion-send').click()
    const reply = line(lead, `@${names.lead} 看测量`)
    await reply.waitFor()
    check((await reply.getAttribute('class')).includes('answer'), 'it stands below what it answers')
    check((await reply.getAttribute('class')).includes('to-me'), 'it is marked for whom it addresses')
    await lead.person.shootHere('room-discussion')
    await reply.getByTestId('line-citation').click()
    await lead.page.locator('[data-testid="annotation-item"].on').waitFor({ state: 'attached' })
    await lead.tab('discussion')
    await reply.getByTestId('line-hide').click()
    await lead.page.locator('[data-testid="discussion-line"][data-hidden="true"]').waitFor()
    await east.page.locator('[data-testid="discussion-line"][data-hidden="true"]').filter({ hasText: '看测量' }).waitFor()
    await lead.page.locator('[data-testid="discussion-line"][data-hidden="true"]').getByTestId('line-hide').click()
    await reply.waitFor()
  })

  await step('5 a question to an institution is a task with a clock, answered in the room', async () => {
    await lead.id('ask-open').click()
    await lead.id('ask-text').fill('近三年有无头部外伤史')
    await lead.id('ask-send').click()
    const asked = east.page.locator('[data-testid="question"][data-state="open"]').filter({ hasText: '近三年有无头部外伤史' })
    await asked.waitFor()
    await asked.getByTestId('answer-text').fill('无外伤史')
    await asked.getByTestId('answer-send').click()
    await lead.page.locator('[data-testid="question"][data-state="answered"]').filter({ hasText: '无外伤史' }).waitFor()
    await lead.person.shootHere('room-question')
  })

  await step('5 rows and a picture added in the session appear to all, marked with their source', async () => {
    await east.tab('case')
    const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')
    await watch.expecting(/409/, async () => {
      await east.id('supply-files').setInputFiles({ name: '心电图.png', mimeType: 'image/png', buffer: picture })
      const row = east.id('supply-row').first()
      await until('it is taken or asks', async () => ['done', 'asks'].includes(await row.getAttribute('data-state')))
      if (await row.getAttribute('data-state') === 'asks') await row.getByTestId('supply-confirm').click()
      await east.page.locator('[data-testid="supply-row"][data-state="done"]').waitFor()
    })
    await lead.tab('case')
    await lead.id('attachment').first().waitFor()
    await lead.person.shootHere('room-case')
  })

  await step('5 the history replays the room to its beginning and comes back', async () => {
    const now = (await lead.annotations()).length
    check(now > 0, 'marks on the image')
    await lead.id('past-open').click()
    await lead.page.waitForFunction(() => Number(document.querySelector('[data-testid="past-slider"]')?.max) > 3)
    await lead.id('past-slider').evaluate(slider => { slider.value = '0'; slider.dispatchEvent(new Event('input', { bubbles: true })) })
    await until('nothing had been drawn', async () => (await lead.annotations()).length === 0)
    await lead.id('past-slider').evaluate(slider => { slider.value = slider.max; slider.dispatchEvent(new Event('input', { bubbles: true })) })
    await until('all is drawn', async () => (await lead.annotations()).length === now)
    await lead.person.shootHere('room-history')
    await lead.id('past-slider').press('Escape')
    await lead.id('past').waitFor({ state: 'detached' })
  })

  await step('5 a call between two hospitals over the room: each hears the other, one shows a picture', async () => {
    for (const room of [lead, east]) {
      await room.id('call-toggle').click()
      await room.page.locator('[data-testid="call-toggle"][aria-pressed="true"]').waitFor()
    }
    // What is heard, not what the track says of itself: after offers that collided Chromium calls it muted for ever.
    const hears = (room, name) => room.page.waitForFunction(name => {
      const stream = document.querySelector(`[data-testid="call-tile"][data-name="${name}"] video`)?.srcObject
      if (!stream || stream.getAudioTracks().length === 0) return false
      if (window.ear?.stream !== stream) {
        const context = new AudioContext()
        const analyser = context.createAnalyser()
        context.createMediaStreamSource(stream).connect(analyser)
        window.ear = { stream, analyser }
      }
      const heard = new Float32Array(window.ear.analyser.fftSize)
      window.ear.analyser.getFloatTimeDomainData(heard)
      return heard.some(sample => Math.abs(sample) > 0.01)
    }, name, { polling: 50 })
    await hears(lead, names.east)
    await hears(east, names.lead)
    await east.id('call-video').click()
    await lead.page.waitForFunction(name => document.querySelector(`[data-testid="call-tile"][data-name="${name}"] video`).videoWidth > 0, names.east)
    await lead.person.shootHere('room-call')
    for (const room of [lead, east]) await room.id('call-toggle').click()
    await lead.id('call-tile').first().waitFor({ state: 'detached' })
  })

  await step('7 the server goes, words are written, the page is closed: the next page has them and sends them', async () => {
    await east.tab('opinions')
    const text = '断网时写下的意见，不能丢'
    await watch.expecting(/WebSocket|ERR_CONNECTION|502|503/, async () => {
      await server.kill()
      await east.page.locator('[data-testid="saved-state"][data-state="offline"]').waitFor()
      await east.id('opinion-draft').fill(text)
      await east.id('kept-here').waitFor()
      await until('it is on the device', () => east.page.evaluate(() => new Promise(resolve => {
        const open = indexedDB.open('consilium-room', 1)
        open.onerror = () => resolve(false)
        open.onsuccess = () => {
          const all = open.result.transaction('records').objectStore('records').getAllKeys()
          all.onsuccess = () => { open.result.close(); resolve(all.result.length > 0) }
        }
      })))
      const kept = await east.page.evaluate(() => new Promise(resolve => {
        const open = indexedDB.open('consilium-room', 1)
        open.onsuccess = () => {
          const all = open.result.transaction('records').objectStore('records').getAll()
          all.onsuccess = () => { open.result.close(); resolve(all.result.map(row => new TextDecoder().decode(row.sealed)).join('')) }
        }
      }))
      check(!kept.includes('断网'), 'sealed on the device')
      await east.page.close()
      await server.start()
      await lead.saved()
    })
    east.person.page = await east.person.context.newPage()
    east.person.page.setDefaultTimeout(20_000)
    watch.attach(east.person.name, east.person.page)
    rooms.east = await Room.enter(east.person, id)
    await lead.tab('opinions')
    await lead.seesOpinion(text)
    await until('nothing is left on the device', () => rooms.east.page.evaluate(() => new Promise(resolve => {
      const open = indexedDB.open('consilium-room', 1)
      open.onsuccess = () => {
        const all = open.result.transaction('records').objectStore('records').getAllKeys()
        all.onsuccess = () => { open.result.close(); resolve(all.result.length === 0) }
      }
    })))
    await rooms.east.write(words.east)
    await rooms.east.saved()
  })
}
