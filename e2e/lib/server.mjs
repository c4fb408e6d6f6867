// The built server in demo mode, with a data folder of its own.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
export const program = process.env.CONSILIUM_BIN ?? join(target, 'debug', 'consilium')
const site = process.env.CONSILIUM_SITE ?? join(root, 'dist')
const START_MS = 120_000

export class Server {
  constructor () {
    for (const [what, path] of [['the server (cargo build -p consilium-server)', program], ['the browser bundle (cargo xtask bundle)', site]]) {
      if (!existsSync(path)) throw new Error(`missing: ${what} at ${path}`)
    }
    this.data = mkdtempSync(join(tmpdir(), 'consilium-e2e-'))
    this.port = 0
    this.log = []
  }

  // Starts and waits for the `ready` line. A second start uses the same port and data.
  async start () {
    const args = ['demo', '--port', String(this.port), '--data', this.data, '--site', site]
    this.process = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const process = this.process
    this.ended = new Promise(resolve => process.once('exit', (code, signal) => resolve({ code, signal })))
    const keep = line => { this.log.push(line); if (this.log.length > 2000) this.log.shift() }
    createInterface({ input: process.stderr }).on('line', keep)
    const ready = new Promise((resolve, reject) => {
      // What it prints there includes the demo's passwords, which belong in no test's output.
      createInterface({ input: process.stdout }).on('line', line => {
        const found = /^ready (https:\/\/\S+?:(\d+))\/?$/.exec(line)
        if (found) resolve(found)
      })
      const late = setTimeout(() => reject(new Error(`the server was not ready within ${START_MS} ms`)), START_MS)
      late.unref()
      this.ended.then(end => reject(new Error(`the server ended before it was ready: ${JSON.stringify(end)}`)))
    })
    const [, url, port] = await ready.catch(async error => {
      this.printLog()
      await this.remove()
      throw error
    })
    this.url = url
    this.port = Number(port)
    this.demo = JSON.parse(readFileSync(join(this.data, 'demo.json'), 'utf8'))
    this.ca = readFileSync(resolve(this.data, this.demo.ca_file))
    return this
  }

  user (name) {
    const user = this.demo.users.find(u => u.username === name)
    if (!user) throw new Error(`demo.json has no user ${name}`)
    return user
  }

  async kill () {
    this.process.kill('SIGKILL')
    await this.ended
  }

  async stop () {
    if (this.process?.exitCode === null && this.process?.signalCode === null) {
      this.process.kill('SIGTERM')
      const end = await this.ended
      if (end.code !== 0) throw new Error(`SIGTERM did not end the server in order: ${JSON.stringify(end)}`)
    }
  }

  async remove () {
    if (this.process?.exitCode === null && this.process?.signalCode === null) await this.kill()
    rmSync(this.data, { recursive: true, force: true })
  }

  printLog (lines = 40) {
    console.error(this.log.slice(-lines).join('\n'))
  }

  // A request that trusts the server's own authority and nothing else.
  request (path, { method = 'GET', headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const request = https.request(this.url + path, { method, headers, ca: this.ca, minVersion: 'TLSv1.3', agent: false }, response => {
        const chunks = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) })
        })
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}

// Folder with the series to upload: the phantom that the server itself can write.
export function phantom (folder, record, slices = 12) {
  const done = spawnSync(program, ['phantom', '--out', folder, '--slices', String(slices), '--patient-id', record], { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`phantom failed: ${done.stderr}`)
  return readdirSync(folder).sort().map(name => join(folder, name))
}
