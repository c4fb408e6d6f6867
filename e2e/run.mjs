// What a newcomer does with the demo, from sign-in to a printed report, in Debian's Chromium with one
// context a person. Fails on any console error, page error or failed request that was not provoked.
//
//   node e2e/run.mjs            needs the built server and the browser bundle (cargo xtask test makes both)
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch, output, Person, Watch } from './lib/browser.mjs'
import { bundle } from './lib/bundle.mjs'
import { measure, report } from './latency.mjs'
import { RODS, RODS_MM, Room } from './lib/room.mjs'
import { phantom, root, Server } from './lib/server.mjs'
import { check, equal, step, until } from './lib/step.mjs'
import { imagingReport, localTime, PATIENT, rows } from './lib/stories.mjs'
import { workTogether } from './room.mjs'
import { conduct, replay, revise, tooLate } from './session.mjs'
import { uploadsWithStockClient } from './tus.mjs'
import { convergesWithStockClient } from './yjs.mjs'

const server = await new Server().start()
const browser = await launch()
const watch = new Watch()
const work = mkdtempSync(join(tmpdir(), 'consilium-e2e-files-'))
const people = {}
const arrive = async name => { people[name] = await Person.arrive(browser, server, watch, name); return people[name] }
const enter = async name => { await (await arrive(name)).signIn(); return people[name] }
const unmasked = [PATIENT.name, PATIENT.number, PATIENT.phone, PATIENT.record]
let path // of the consultation

// What the request form asks beyond the bundle, so that the package can be complete.
const HISTORY = {
  purpose: '明确占位性质，确定手术方案',
  wanted_specialty: '神经外科 副主任医师以上',
  present_illness: '3周前无明显诱因出现前额部胀痛，逐渐出现右上肢持物不稳，头颅CT示左额叶占位。',
  physical_exam: '神志清楚，血压138/86 mmHg，右上肢肌力4级。',
  past_history: '高血压病史8年，口服氨氯地平，血压控制可。',
  personal_history: '生于本地，不吸烟，偶饮酒，无粉尘接触史。',
  family_history: '父亲患高血压，否认家族性肿瘤病史。',
  diagnosis_basis: '亚急性头痛伴右侧肢体无力，CT示左额叶低密度占位及周围水肿。'
}

async function nothingUnmasked (person) {
  const html = await person.page.content()
  for (const secret of unmasked) check(!html.includes(secret), `no unmasked patient on ${person.page.url()}`)
}

try {
  await step('1 the server speaks with its own authority and sends visitors to sign in', async () => {
    const answer = await server.request('/')
    equal([answer.status, answer.headers.location], [303, '/sign-in?next=/'], 'redirect')
  })

  await step('1 a wrong password is refused without saying what was wrong', async () => {
    const lead = await arrive('lead.admin')
    await lead.signIn('not the password')
    await lead.see('未能登录')
    await lead.shoot('sign-in')
  })

  await step('1 lead.admin signs in with password and dynamic code; Chinese, English at a click', async () => {
    const lead = people['lead.admin']
    await lead.signIn()
    equal(await lead.page.evaluate(() => document.documentElement.lang), 'zh-CN', 'language')
    await lead.see('发起会诊')
    await lead.language('en')
    await lead.see('Start a consultation')
    await lead.language('zh-CN')
    await lead.shoot('worklist')
  })

  await step('2 a FHIR bundle with missing elements is answered with the list', async () => {
    const { page } = people['lead.admin']
    await people['lead.admin'].open('/consultations/new')
    await watch.expecting(/422/, async () => {
      const bare = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Patient', gender: 'male' } }] }
      await page.setInputFiles('#import', { name: 'bare.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(bare)) })
      for (const element of ['name', 'identifier', 'birthDate']) await people['lead.admin'].see(`Bundle.entry[0].resource.${element}`)
    })
  })

  await step('2 a consultation from a FHIR bundle, completed by hand, saved and invited', async () => {
    const lead = people['lead.admin']
    const { page } = lead
    await page.setInputFiles('#import', { name: 'patient.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(bundle(PATIENT))) })
    await lead.see('还需填写')
    equal(await page.getByLabel('姓名').inputValue(), PATIENT.name, 'name')
    equal(await page.locator('#field-patient-id_number').inputValue(), PATIENT.number, 'number')
    equal(await page.locator('#field-clinical-diagnosis_code').inputValue(), 'D43.0', 'code')
    await page.locator('#field-clinical-need').fill('请判断左额叶占位的性质与手术可行性。')
    await page.locator('#field-clinical-chief_complaint').fill('头痛伴右侧肢体乏力3周')
    for (const [field, text] of Object.entries(HISTORY)) await page.locator(`#field-clinical-${field}`).fill(text)
    await page.locator('#field-scheduled_at').fill(localTime(60))
    for (const name of ['东方医院', '西山医院', '检验检查信息']) await page.locator('label.chip', { hasText: name }).click()
    await page.locator('#field-consent').selectOption('patient')
    await lead.shootHere('new-consultation')
    await lead.leads(() => page.getByRole('button', { name: '保存并发出邀请' }).click(), /\/consultations\/[0-9a-f-]{36}$/)
    path = new URL(page.url()).pathname
    check(/HZ-\d{8}-\d{4}/.test(await page.content()), 'a number issued by the system')
    await nothingUnmasked(lead)
  })

  await step('2 another is typed and stays a draft', async () => {
    const lead = people['lead.admin']
    const { page } = lead
    await lead.open('/consultations/new')
    // The form finds by itself what is missing; nothing is sent.
    await page.getByRole('button', { name: '存草稿' }).click()
    await lead.see('处需要更正')
    const type = (id, text) => page.locator(`#field-${id}`).fill(text)
    await type('patient-name', '郭建军')
    await page.locator('#field-patient-sex').selectOption('male')
    await type('patient-other_number', 'E12345678')
    await type('patient-birth_date', '1980-05-06')
    await type('clinical-preliminary_diagnosis', '肺部结节待查')
    await type('clinical-need', '请评估结节性质并给出随访建议。')
    await page.locator('#field-kind').selectOption('specialty')
    for (const name of ['东方医院', '西山医院']) {
      const box = page.locator('label.chip', { hasText: name }).locator('input')
      await until(`${name} chosen`, async () => { await box.setChecked(true, { timeout: 2_000 }).catch(() => {}); return box.isChecked() })
    }
    await lead.leads(() => page.getByRole('button', { name: '存草稿' }).click(), /\/consultations\/[0-9a-f-]{36}$/)
    await lead.see('专科会诊')
  })

  await step('2 the draft is changed: the form holds what was entered, nothing is lost', async () => {
    const lead = people['lead.admin']
    const { page } = lead
    await lead.leads(() => page.getByRole('link', { name: '修改草稿' }).click(), /\/edit$/)
    equal(await page.locator('#field-patient-name').inputValue(), '郭建军', 'name')
    equal(await page.locator('#field-clinical-preliminary_diagnosis').inputValue(), '肺部结节待查', 'diagnosis')
    equal(await page.locator('#field-kind').inputValue(), 'specialty', 'type')
    await lead.shootHere('edit-draft')
    await page.locator('#field-clinical-need').fill('请评估结节性质、随访间隔与活检指征。')
    await lead.leads(() => page.getByRole('button', { name: '存草稿' }).click(), /\/consultations\/[0-9a-f-]{36}$/)
    await lead.see('随访间隔与活检指征')
  })

  await step('3 both participants find it in their worklists, masked, and accept', async () => {
    for (const name of ['east.admin', 'west.admin']) {
      const admin = await enter(name)
      const row = admin.page.locator('tr', { has: admin.page.locator(`a[href^="${path}"]`) })
      check((await row.innerText()).includes('欧**溪'), 'a masked name in the worklist')
      await nothingUnmasked(admin)
      await admin.leads(() => row.locator('a.act').click(), `**${path}`)
      await nothingUnmasked(admin)
      if (name === 'east.admin') await admin.shoot('invitation')
      const expert = admin.page.locator('label.chip', { hasText: name === 'east.admin' ? '林若溪' : '陆承志' }).locator('input')
      await until('an expert named', async () => { await expert.setChecked(true, { timeout: 2_000 }).catch(() => {}); return expert.isChecked() })
      await admin.press('接受邀请')
      await admin.page.getByRole('button', { name: '接受邀请' }).waitFor({ state: 'detached' })
    }
  })

  await step('4 a folder of DICOM files is uploaded; what is no image is refused by name', async () => {
    const lead = people['lead.admin']
    await lead.open(path)
    const folder = join(work, 'study')
    const files = phantom(folder, PATIENT.record, 12)
    writeFileSync(join(folder, 'notes.txt'), 'not an image')
    await watch.expecting(/422/, async () => {
      await lead.page.setInputFiles('#upload-folder', folder)
      await lead.see(`已保存 ${files.length} 幅`)
    })
    check((await lead.page.locator('section.refused').innerText()).includes('notes.txt'), 'the refused file by name')
    const image = lead.page.locator('ul.strip img').first()
    await image.waitFor()
    await until('a thumbnail', () => image.evaluate(node => node.complete && node.naturalWidth > 0))
    await lead.open(path)
    await lead.shoot('consultation')
  })

  await step('4 an unmodified tus client stops, resumes, sends in parts and ends uploads', async () => {
    const study = join(work, 'study')
    const file = join(study, readdirSync(study).filter(name => name !== 'notes.txt').sort()[0])
    await uploadsWithStockClient(server, await people['lead.admin'].cookie(), path.split('/').at(-1), file)
  })

  const real = join(root, '../shared/data/dicom/ct-head-ge')
  if (existsSync(real)) {
    await step('4 the other hospital adds a real series after comparing the patients', async () => {
      const west = people['west.admin']
      const files = readdirSync(real).map(name => join(real, name)).filter(file => statSync(file).isFile() && !/\.(md|txt|json)$/i.test(file))
      await west.open(path)
      await watch.expecting(/409|422/, async () => {
        await west.page.setInputFiles('#upload-files', files)
        await west.page.getByRole('button', { name: '是同一人，继续上传' }).click()
        await west.see('完成：已保存 28 幅')
      })
    })
  } else {
    console.log('left out: the real CT series (no ../shared/data/dicom/ct-head-ge)')
  }

  const choose = (person, name, prefix, options) => person.page.setInputFiles('#data-file', { name, mimeType: 'application/x-ndjson', buffer: rows(prefix, options) })

  await step('4 the lead enters its own data from a file and asks the other hospital for more', async () => {
    const lead = people['lead.admin']
    await lead.open(`${path}/data`)
    await lead.page.getByRole('button', { name: '文件', exact: true }).click()
    await choose(lead, 'lead.ndjson', 'lead')
    await lead.see('4 行已保存，0 行未通过')
    await lead.open(`${path}/data`)
    await lead.page.locator('#field-items-0-description').fill('近一周血常规、血糖')
    await lead.page.locator('#field-reason').fill('评估围手术期情况')
    await lead.press('发送请求')
    await lead.see('近一周血常规、血糖')
  })

  await step('4 the other hospital checks the request, gives rows, mends the one that was refused, releases', async () => {
    const east = people['east.admin']
    await east.open('/notices')
    await east.shoot('notices')
    await east.open(`${path}/data`)
    await nothingUnmasked(east)
    await east.press('核验通过')
    await east.page.getByRole('button', { name: '文件', exact: true }).click()
    await choose(east, 'east.ndjson', 'east', { wrong: true })
    await east.see('1 行已保存，1 行未通过')
    await east.open(`${path}/data`)
    await east.see('每毫升')
    await east.shoot('data-desk')
    await east.page.getByRole('button', { name: '文件', exact: true }).click()
    await choose(east, 'east-again.ndjson', 'east')
    await east.see('2 行已保存，0 行未通过')
    await east.open(`${path}/data`)
    await east.press('提交给牵头机构')
    await east.see('已提交')
  })

  if (existsSync(real)) {
    await step('4 images need their report: the lead asks for it, the hospital that sent them gives it', async () => {
      const [lead, west] = [people['lead.admin'], people['west.admin']]
      await lead.open(`${path}/data`)
      const hospital = lead.page.locator('#field-institution_id')
      await lead.page.getByRole('button', { name: '新的数据请求' }).click()
      await hospital.selectOption({ label: await hospital.locator('option', { hasText: '西山医院' }).first().innerText() })
      await lead.page.locator('#field-items-0-category').selectOption('imaging')
      await lead.page.locator('#field-items-0-description').fill('头颅CT报告')
      await lead.page.locator('#field-reason').fill('与本院影像对照')
      await lead.press('发送请求')
      await lead.see('头颅CT报告')
      await west.open(`${path}/data`)
      await west.press('核验通过')
      await west.page.getByRole('button', { name: '文件', exact: true }).click()
      await west.page.setInputFiles('#data-file', { name: 'west.ndjson', mimeType: 'application/x-ndjson', buffer: imagingReport('west') })
      await west.see('1 行已保存，0 行未通过')
      await west.open(`${path}/data`)
      await west.press('提交给牵头机构')
      await west.see('已提交')
    })
  }

  await step('5 the lead takes the data, freezes a complete package, declares ready and starts', async () => {
    const lead = people['lead.admin']
    await lead.open(`${path}/data`)
    const taken = lead.page.getByRole('button', { name: '接收', exact: true })
    for (let left = await taken.count(); left > 0; left--) {
      await Promise.all([lead.page.waitForEvent('load'), taken.first().click()])
      await lead.live()
    }
    await lead.open('/late')
    await lead.shoot('late')
    await lead.open('/transfers')
    await lead.shoot('transfers')
    await lead.open(`${path}/consent`)
    await lead.shoot('consent')
    await lead.open(`${path}/package`)
    await lead.press('汇总并校验')
    await lead.see('核心数据完整率达到 99 %')
    await lead.page.getByRole('button', { name: '固定资料包' }).click()
    await lead.see('固定后内容不再改变')
    await Promise.all([lead.page.waitForEvent('load'), lead.page.getByRole('button', { name: '固定资料包' }).last().click()])
    await lead.live()
    await lead.see('已固定')
    await lead.shoot('package')
    await lead.open(path)
    await lead.press('确认就绪')
    await lead.press('开始会诊')
    await lead.see('会诊正在进行')
  })

  const id = path.split('/').at(-1)
  const rooms = {}
  const names = { lead: '顾文渊', east: '林若溪' }
  await step('5 two experts open the room from two hospitals', async () => {
    for (const who of ['lead', 'east']) rooms[who] = await Room.enter(await enter(`${who}.expert`), id)
    for (const room of Object.values(rooms)) {
      for (const name of Object.values(names)) await room.page.locator(`[data-testid="person"][data-name="${name}"]`).waitFor()
    }
  })

  await step('5 scroll, window and level, preset, zoom and pan', async () => {
    for (const room of Object.values(rooms)) {
      const centre = await room.at([0, 0])
      await room.page.mouse.move(...centre)
      const slice = await room.text('slice-label')
      await room.page.mouse.wheel(0, 240)
      const scrolled = await room.changes('slice-label', slice)
      await room.original()
      await room.page.locator('#stage').focus()
      await room.page.keyboard.press('Home')
      await room.changes('slice-label', scrolled)
      const window = await room.text('window-label')
      await room.tool('window')
      await room.drag([centre, [centre[0] + 60, centre[1] + 40]])
      const dragged = await room.changes('window-label', window)
      await room.id('presets').selectOption('bone')
      await room.changes('window-label', dragged)
      equal(await room.text('preset-label'), '骨窗', 'preset')
      await room.id('presets').selectOption('brain')
      const zoom = await room.text('zoom-label')
      await room.page.mouse.move(...centre)
      await room.page.keyboard.down('Control')
      await room.page.mouse.wheel(0, -200)
      await room.page.keyboard.up('Control')
      await room.changes('zoom-label', zoom)
      const before = await room.id('viewer-canvas').screenshot()
      await room.tool('pan')
      await room.drag([centre, [centre[0] - 80, centre[1] + 30]])
      await until('the picture moved', async () => !before.equals(await room.id('viewer-canvas').screenshot()))
      await room.reset()
    }
  })

  const { lead, east } = rooms
  await step('5 a length of 100 mm between the rods is seen while it is drawn and after', async () => {
    for (const room of [lead, east]) {
      await room.page.locator('#stage').focus()
      await room.page.keyboard.press('Home')
    }
    await lead.tool('length')
    const [left, right] = [await lead.at(RODS[0]), await lead.at(RODS[1])]
    await lead.hold([left, right])
    await east.seesStroke(names.lead)
    await lead.release()
    await east.sees('length', names.lead)
    const [seen] = (await east.annotations(names.lead)).filter(a => a.kind === 'length')
    const mm = Number(seen.mm)
    check(Math.abs(mm - RODS_MM) < 1, `${RODS_MM} mm between the rods, got ${mm}`)
    await lead.saved()
  })

  await step('5 an arrow with text and a freehand region', async () => {
    await lead.tool('arrow')
    await lead.drag([await lead.at([29, -10]), await lead.at([60, -50])])
    await lead.id('arrow-text').fill('出血灶')
    await lead.id('arrow-text').press('Enter')
    await east.sees('arrow', names.lead)
    check((await east.annotations(names.lead)).some(a => a.label === '出血灶'), 'the arrow with its text')
    await east.tool('freehand')
    const ring = []
    for (let n = 0; n <= 12; n++) {
      const turn = n / 12 * 2 * Math.PI
      ring.push(await east.at([29 + 18 * Math.cos(turn), -10 + 24 * Math.sin(turn)]))
    }
    await east.hold(ring, 3)
    await lead.seesStroke(names.east)
    await east.release()
    await lead.sees('freehand', names.east)
    await east.saved()
  })

  await step('5 each sees the pointer and the name of the other', async () => {
    await lead.tool('window')
    await lead.page.mouse.move(...await lead.at([10, 10]))
    await lead.page.mouse.move(...await lead.at([20, 15]), { steps: 3 })
    await east.page.locator(`[data-testid="remote-cursor"][data-name="${names.lead}"]`).waitFor()
    await lead.person.shootHere('room-lead')
    await east.person.shootHere('room-east')
  })

  const words = { lead: '左额叶占位，考虑高级别胶质瘤，建议手术。', east: '病灶边界不清，建议增强磁共振。' }
  await step('5 both write opinions and a discussion line, seen at once', async () => {
    await lead.write(words.lead)
    await east.write(words.east)
    await east.seesOpinion(words.lead)
    await lead.seesOpinion(words.east)
    await lead.say('请看第一层的标尺')
    await east.hears('请看第一层的标尺')
    await lead.saved()
    await east.saved()
  })

  await step('5 an unmodified yjs client with y-websocket joins and converges', async () => {
    await convergesWithStockClient(server, id, people['west.admin'], lead)
  })

  await step('7 kill -9 in the middle of the session: all that was saved is there, and work goes on', async () => {
    await watch.expecting(/WebSocket|ERR_CONNECTION|502|503/, async () => {
      await server.kill()
      await lead.page.locator('[data-testid="saved-state"]:not([data-state="saved"])').waitFor()
      await server.start()
      await lead.saved()
      await east.saved()
    })
    for (const room of [lead, east]) {
      await room.sees('length', names.lead)
      await room.sees('arrow', names.lead)
      await room.sees('freehand', names.east)
    }
    await east.tab('measurements')
    await east.tool('length')
    await east.drag([await east.at([-20, 40]), await east.at([20, 40])])
    await lead.sees('length', names.east)
    await east.saved()
  })

  await step('5 the rooms in English', async () => {
    for (const [who, room] of Object.entries(rooms)) {
      await room.person.open('/')
      await room.person.language('en')
      rooms[who] = await Room.enter(room.person, id)
      await room.person.shootHere(`room-${who}`)
      await room.person.open('/')
      await room.person.language('zh-CN')
      rooms[who] = await Room.enter(room.person, id)
    }
  })

  await workTogether({ server, watch, rooms, names, words, id })
  await conduct({ watch, rooms, admins: { lead: people['lead.admin'], east: people['east.admin'] }, id })

  await step('5 the package lists the picture that was added, with its source and time, and opens it', async () => {
    const admin = people['lead.admin']
    await admin.open(`${path}/package`)
    const link = admin.page.getByTestId('attachment')
    equal(await link.innerText(), '心电图.png', 'its name')
    const line = await link.locator('xpath=..').innerText()
    for (const part of ['东方医院', '林若溪', 'PNG']) check(line.includes(part), `${part} in ${line}`)
    const picture = await admin.context.request.get(server.url + await link.getAttribute('href'))
    equal([picture.status(), picture.headers()['content-type']], [200, 'image/png'], 'the picture')
    await admin.shoot('package-shared')
    await admin.open('/')
  })

  await step('5 from drawing in one browser to seeing it in the other, 100 strokes in the room of the demo', async () => {
    const demo = server.demo.consultations.find(c => c.state === 'in_session' && c.id !== id).id
    for (const [who, room] of Object.entries(rooms)) rooms[who] = await Room.enter(room.person, demo)
    const { stroke } = report(await measure(rooms.lead, rooms.east, names.lead, 100))
    check(stroke < 500, `half of the strokes seen within 500 ms, got ${stroke}`)
    for (const [who, room] of Object.entries(rooms)) rooms[who] = await Room.enter(room.person, id)
  })

  await step('5 both submit; the drafts are then read-only', async () => {
    for (const [who, room] of Object.entries(rooms)) {
      await room.tab('opinions')
      equal(await room.id('opinion-draft').inputValue(), words[who], 'the draft after the kill')
      await room.id('opinion-submit').click()
      await room.id('opinion-submit-confirm').click()
      await room.page.locator(`[data-testid="opinion"][data-state="signed"]`, { hasText: words[who] }).waitFor()
    }
    await rooms.east.seesOpinion(words.lead)
  })

  words.east = await revise({ rooms, text: words.east })

  const ends = async () => {
    const admin = people['lead.admin']
    const { page } = admin
    await admin.open(path)
    await page.getByRole('button', { name: '结束会诊', exact: true }).click()
    const ended = page.waitForEvent('load')
    await page.getByRole('alertdialog').getByRole('button', { name: '结束会诊', exact: true }).click()
    await ended
    await admin.live()
    await rooms.lead.page.locator('[data-testid="room-state"]', { hasText: '总结中' }).waitFor()
  }
  await tooLate({ watch, rooms, id, end: ends })

  await step('6 the lead concludes citing both opinions, signs', async () => {
    const admin = people['lead.admin']
    const { page } = admin
    await admin.open(`${path}/conclude`)
    for (const opinion of Object.values(words)) await admin.see(opinion)
    await page.getByLabel('会诊结论').fill('左额叶占位，胶质瘤可能性大，建议多学科评估后手术。')
    await page.locator('#field-diagnosis_code').fill('D43.0')
    await page.getByLabel('治疗建议与随访').fill('完善增强磁共振，两周内手术，术后一个月复查。')
    await page.getByLabel(/西山医院：未出具意见的原因/).fill('专家临时手术，事后补充书面意见。')
    await admin.shootHere('conclude')
    await page.getByRole('button', { name: '签名并出具报告' }).click()
    await admin.leads(() => page.getByRole('alertdialog').getByRole('button', { name: '签名并出具报告' }).click(), `**${path}/report`)
    await admin.see('远程医疗多中心会诊报告')
  })

  await replay({ rooms, id })

  await step('6 the reviewer opens the report and prints it', async () => {
    const reviewer = await enter('reviewer')
    await reviewer.leads(() => reviewer.page.locator(`a.act[href="${path}/report"]`).click(), `**${path}/report`)
    for (const text of [...Object.values(words), '胶质瘤可能性大', '报告签名有效', /(99|100|101)\.\d mm/]) await reviewer.see(text)
    await nothingUnmasked(reviewer)
    await reviewer.page.evaluate(() => { window.print = () => { window.printed = true } })
    await reviewer.page.getByRole('button', { name: '打印' }).click()
    check(await reviewer.page.evaluate(() => window.printed === true), 'the print dialog')
    await reviewer.shoot('report')
    await reviewer.page.emulateMedia({ media: 'print' })
    const pdf = await reviewer.page.pdf({ path: join(output, 'report.pdf'), format: 'A4', preferCSSPageSize: true })
    check(pdf.length > 10_000, 'a printed report')
    check(!await reviewer.page.locator('nav').isVisible(), 'no navigation on paper')
    await reviewer.page.emulateMedia({ media: null })
  })

  await step('7 all browsers close, kill -9, start: nothing that was on a screen as saved is gone', async () => {
    const cookies = await people['reviewer'].context.storageState()
    const expert = await rooms.east.person.context.storageState()
    for (const person of Object.values(people)) await person.context.close()
    await server.kill()
    await server.start()
    const back = await Person.arrive(browser, server, watch, 'reviewer', { storageState: cookies })
    await back.open(`${path}/report`)
    for (const text of [...Object.values(words), '胶质瘤可能性大', '报告签名有效']) await back.see(text)
    const seat = await Person.arrive(browser, server, watch, 'east.expert', { storageState: expert })
    await seat.open(`/consultations/${id}/room`)
    const room = new Room(seat, id)
    await room.original()
    await room.page.locator('#stage').focus()
    await room.page.keyboard.press('Home')
    await room.sees('freehand', names.east)
    await room.sees('arrow', names.lead) // who is away keeps the name
    await room.tab('discussion')
    await room.hears('请看第一层的标尺')
  })

  await step('8 the operator sees the rooms by their numbers, refreshed, and nothing of patients', async () => {
    const ops = await enter('ops')
    await ops.leads(() => ops.page.locator('nav a[href="/operations/rooms"]').click(), '**/operations/rooms')
    await nothingUnmasked(ops)
    const row = ops.page.getByTestId('rooms').locator('tbody tr').first()
    check(/HZ-\d{8}-\d{4}/.test(await row.innerText()), 'the number of the consultation')
    const at = await ops.page.getByTestId('figures-at').innerText()
    await ops.page.waitForFunction(at => document.querySelector('[data-testid="figures-at"]').innerText !== at, at)
    check(!(await ops.page.getByTestId('figures-at').getAttribute('class')).includes('late-text'), 'refreshed')
    await ops.shoot('operations-rooms')
  })

  watch.verify()
  await step('the server stops in order', () => server.stop())
  console.log(`pictures of every page are in ${output}`)
} catch (error) {
  console.error(error)
  if (watch.problems.length > 0) console.error(`pages complained:\n  ${watch.problems.join('\n  ')}`)
  mkdirSync(output, { recursive: true })
  for (const context of browser.contexts()) {
    for (const [n, page] of context.pages().entries()) {
      await page.screenshot({ path: join(output, `failed-${browser.contexts().indexOf(context)}-${n}.png`) }).catch(() => {})
    }
  }
  server.printLog()
  process.exitCode = 1
} finally {
  await browser.close()
  await server.remove()
  rmSync(work, { recursive: true, force: true })
}
