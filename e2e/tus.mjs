// An unmodified tus client: `tus-js-client` as published.
//
//   node e2e/tus.mjs            against a demo server of its own
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DefaultHttpStack, Upload } from 'tus-js-client'
import { phantom, Server } from './lib/server.mjs'
import { check, equal, step } from './lib/step.mjs'
import { idNumber } from './lib/bundle.mjs'
import { totp } from './lib/totp.mjs'

const CHUNK = 64 * 1024

// Sends `bytes`; `watch` may stop it after a chunk. Settles with the upload when it is done or stopped.
function send (server, cookie, bytes, options, watch = () => false) {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${server.url}/api/v1/uploads`,
      headers: { cookie },
      httpStack: new DefaultHttpStack({ ca: server.ca }),
      chunkSize: CHUNK,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(upload),
      onChunkComplete: (_, sent) => { if (watch(upload, sent)) resolve(upload) },
      ...options
    })
    upload.start()
  })
}

// `cookie` is of somebody who may add images to `consultation`; the file is of its patient.
export async function uploadsWithStockClient (server, cookie, consultation, file) {
  const bytes = readFileSync(file)
  const digest = createHash('sha256').update(bytes).digest('hex')
  const metadata = { consultation, purpose: 'dicom', filename: basename(file) }
  const path = upload => new URL(upload.url).pathname
  const read = async upload => {
    const answer = await server.request(path(upload), { headers: { cookie } })
    return { status: answer.status, ...(answer.status === 200 ? answer.json() : {}) }
  }
  check(bytes.length > 4 * CHUNK, 'a file of several chunks')

  // Stopped after the second chunk, gone on with by a client that knows the address alone.
  const stopped = await send(server, cookie, bytes, { metadata }, (upload, sent) => {
    if (sent < 2 * CHUNK) return false
    upload.abort()
    return true
  })
  const halfway = await read(stopped)
  equal(halfway.state, 'open', 'the state of a stopped upload')
  check(halfway.offset >= 2 * CHUNK && halfway.offset < bytes.length, `bytes of a stopped upload, got ${halfway.offset}`)
  const resumed = await read(await send(server, cookie, bytes, { uploadUrl: stopped.url }))
  equal([resumed.state, resumed.result?.sha256], ['stored', digest], 'a resumed upload')

  // In parts at the same time, put together; with the first bytes along with the announcement.
  const parallel = await read(await send(server, cookie, bytes, { metadata, parallelUploads: 3 }))
  equal([parallel.kind, parallel.state, parallel.result?.sha256], ['final', 'stored', digest], 'an upload in parts')
  const along = await read(await send(server, cookie, bytes, { metadata, uploadDataDuringCreation: true }))
  equal([along.state, along.result?.duplicate], ['stored', true], 'the same file again')

  const ended = await send(server, cookie, bytes, { metadata }, upload => {
    upload.abort()
    return true
  })
  await Upload.terminate(ended.url, { headers: { cookie }, httpStack: new DefaultHttpStack({ ca: server.ca }), retryDelays: null })
  equal((await read(ended)).status, 410, 'the answer for an upload that was ended')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await new Server().start()
  const work = mkdtempSync(join(tmpdir(), 'consilium-tus-'))
  try {
    const { username, password, totp_secret: secret } = server.user('lead.admin')
    const post = (path, body, cookie = '') => server.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify(body)
    })
    const signedIn = await post('/api/v1/session', { username, password, totp: totp(secret) })
    equal(signedIn.status, 201, 'signed in')
    const cookie = signedIn.headers['set-cookie'][0].split(';')[0]
    const institutions = await server.request('/api/v1/institutions', { headers: { cookie } })
    const created = await post('/api/v1/consultations', {
      kind: 'general',
      patient: { name: '欧阳若溪', sex: 'female', id_number: idNumber('330602', '1972-03-08', 128), record_number: 'ZY700128' },
      clinical: { preliminary_diagnosis: '左额叶占位性病变', need: '请判断性质与手术可行性' },
      scheduled_at: new Date(Date.now() + 3_600_000).toISOString(),
      participants: institutions.json().map(i => i.id),
      wanted: ['imaging'],
      consent: { signer: 'patient', text_version: '2026-01' }
    }, cookie)
    equal(created.status, 201, `a draft: ${created.text}`)
    const [file] = phantom(work, 'ZY700128', 1)
    await step('an unmodified tus client stops, resumes, sends in parts and ends uploads', () =>
      uploadsWithStockClient(server, cookie, created.json().id, file))
  } finally {
    await server.remove()
    rmSync(work, { recursive: true, force: true })
  }
}
