// Steps that more than one program takes, through the interfaces: a consultation in session.
import { check } from './step.mjs'
import { idNumber } from './bundle.mjs'
import { Person } from './browser.mjs'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

export const PATIENT = {
  name: '欧阳若溪',
  sex: 'female',
  gender: 'female',
  born: '1972-03-08',
  number: idNumber('330602', '1972-03-08', 128),
  record: 'ZY700128',
  phone: '19900001280'
}

// `YYYY-MM-DDTHH:MM` in China Standard Time, as a datetime field writes it.
export function localTime (inMinutes) {
  return new Date(Date.now() + (inMinutes + 8 * 60) * 60_000).toISOString().slice(0, 16)
}

export async function signedIn (browser, server, watch, names) {
  const people = {}
  for (const name of names) {
    people[name] = await Person.arrive(browser, server, watch, name)
    await people[name].signIn()
  }
  return people
}

// Rows of data as a hospital's system writes them, one a line: two results, an examination, a study.
export function rows (prefix, { wrong = false } = {}) {
  const tested = new Date(Date.now() - 7_200_000).toISOString()
  const available_at = new Date(Date.now() - 300_000).toISOString()
  const laboratory = '12330000470050017J'
  const value = of => ({ value: of })
  const result = (key, name, loinc, number, unit, range) => ({
    kind: 'lab',
    key,
    available_at,
    elements: { '3.1': value(name), '3.2': value(loinc), '3.3': value(number), '3.4': value(unit), '3.5': value(range), '3.7': value(tested), '3.9': value(laboratory) }
  })
  const all = [
    result(`${prefix}-hb`, '血红蛋白', '718-7', '141', 'g/L', '130-175'),
    result(`${prefix}-glu`, '葡萄糖', '2345-7', '5.8', wrong ? '每毫升' : 'mmol/L', '3.9-6.1')
  ]
  if (prefix === 'lead') {
    all.push({
      kind: 'exam',
      key: 'lead-ct',
      available_at,
      elements: { '3.10': value('头颅CT平扫'), '3.12.findings': value('左额叶类圆形低密度影，周围水肿。'), '3.12.impression': value('左额叶占位，胶质瘤可能。'), '3.13': value('2.25.330100471'), '3.14': value(tested), '3.15': value(laboratory) }
    }, {
      kind: 'imaging',
      key: 'lead-study',
      available_at,
      elements: { '4.1': value('2.25.330100471'), '4.2': value('左额叶类圆形低密度影，胶质瘤可能。'), '4.3': value('尚无标注') }
    })
  }
  return lines(all)
}

// The report of the images a hospital has sent.
export function imagingReport (prefix) {
  const available_at = new Date(Date.now() - 300_000).toISOString()
  const elements = { '4.1': { value: '2.25.330100472' }, '4.2': { value: '幕上脑实质未见明显异常密度影。' }, '4.3': { value: '尚无标注' } }
  return lines([{ kind: 'imaging', key: `${prefix}-study`, available_at, elements }])
}

function lines (all) {
  return Buffer.from(all.map(row => JSON.stringify(row)).join('\n'))
}

// A consultation in session with images, made by the two administrators that are signed in.
export async function inSession (lead, answering, files) {
  const done = async (person, method, path, body) => {
    const { status, json } = await person.api(method, path, body)
    check(status < 300, `${method} ${path} done, got ${status} ${JSON.stringify(json)}`)
    return json
  }
  const institutions = await done(lead, 'GET', '/api/v1/institutions')
  const created = await done(lead, 'POST', '/api/v1/consultations', {
    kind: 'general',
    patient: { name: PATIENT.name, sex: PATIENT.sex, id_number: PATIENT.number, phone: PATIENT.phone, record_number: PATIENT.record, ethnicity: '汉族', native_place: '浙江省绍兴市' },
    clinical: { preliminary_diagnosis: '左额叶占位性病变', need: '请判断性质与手术可行性' },
    scheduled_at: new Date(Date.now() + 3_600_000).toISOString(),
    participants: institutions.map(i => i.id),
    wanted: ['imaging', 'lab_exam'],
    consent: { signer: 'patient', text_version: '2026-01' }
  })
  const path = `/api/v1/consultations/${created.id}`
  await done(lead, 'POST', `${path}/invite`, {})
  for (const admin of answering) await done(admin, 'POST', `${path}/answer`, { answer: 'accept', can_provide: ['imaging', 'lab_exam'] })
  for (const file of files) {
    const response = await lead.context.request.post(`${lead.server.url}${path}/images`, {
      headers: { 'content-type': 'application/dicom', 'x-file-name': basename(file) },
      data: readFileSync(file)
    })
    check(response.status() === 201, `${file} uploaded, got ${response.status()}`)
  }
  await done(lead, 'POST', `${path}/ready`, { override_reason: '检验资料会诊中补充' })
  await done(lead, 'POST', `${path}/start`, {})
  return created.id
}
