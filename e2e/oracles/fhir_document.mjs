// Judges FHIR document bundles with the npm package `fhir`: `node fhir_document.mjs FOLDER`.
// Every .json and .xml must be valid; converted into the other form each must give what the other file holds.

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createRequire } from 'node:module'

const { Fhir } = createRequire(import.meta.url)('fhir')
const fhir = new Fhir()
const folder = process.argv[2]

function fail (file, words) {
  console.log(`${file}: ${words}`)
  process.exit(1)
}

function judge (file, content) {
  const { valid, messages } = fhir.validate(content)
  const errors = messages.filter(m => ['error', 'fatal'].includes(m.severity))
  if (!valid || errors.length > 0) fail(file, `fhir refuses it: ${JSON.stringify(errors.slice(0, 10), null, 1)}`)
}

// Numbers lose their final zeros, narrative is compared by its text.
function plain (value, name) {
  if (name === 'div') return String(value).replace(/<[^>]*>/g, ' ').replaceAll('&quot;', '"').replace(/&#10;|&#13;|&#9;|\s+/g, ' ').trim()
  if (Array.isArray(value)) return value.map(v => plain(v))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v, k)]).sort(([a], [b]) => a < b ? -1 : 1))
  }
  return typeof value === 'string' ? value.trim() : value
}

function firstDifference (one, two, at = 'Bundle') {
  if (isDeepStrictEqual(one, two)) return null
  // fhir reads the decimals of a choice (value[x]) as text.
  if (typeof one === 'number' && typeof two === 'string' && two.trim() !== '' && Number(two) === one) return null
  if (one === null || two === null || typeof one !== 'object' || typeof two !== 'object') {
    return `${at}: ${JSON.stringify(one)} and ${JSON.stringify(two)}`
  }
  for (const key of new Set([...Object.keys(one), ...Object.keys(two)])) {
    const found = firstDifference(one[key], two[key], `${at}.${key}`)
    if (found) return found
  }
  return null
}

let accepted = 0
for (const file of readdirSync(folder).filter(f => f.endsWith('.json')).sort()) {
  const name = basename(file, '.json')
  const text = readFileSync(join(folder, file), 'utf8')
  const xml = readFileSync(join(folder, `${name}.xml`), 'utf8')
  const json = JSON.parse(text)
  judge(file, json)
  accepted += 1
  judge(`${name}.xml`, xml)
  accepted += 1
  const fromXml = firstDifference(plain(json), plain(fhir.xmlToObj(xml)))
  if (fromXml) fail(`${name}.xml`, `read by fhir it differs from the JSON at ${fromXml}`)
  const there = fhir.objToXml(json)
  const back = firstDifference(plain(json), plain(fhir.xmlToObj(there)))
  if (back) fail(file, `written as XML and read again by fhir it differs at ${back}`)
}
console.log(`fhir: ${accepted} documents accepted, each converted both ways`)
