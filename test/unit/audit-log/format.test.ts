import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { verifyAuditLog } from 'onbehalf/audit-log'
import { expect, test } from 'vitest'
import { membersText, textOf } from '../../../src/audit-log/record-text.ts'
import { filesIn, linesOf, logEvent, logKey, openLog, origin, recordsIn, writtenLog } from '../../support/audit-log.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const sha256 = (octets: Uint8Array | string) => createHash('sha256').update(octets).digest('base64url')

test('AUD-01: each line names its number and the SHA-256 of the octets of the line before it', async () => {
  const { directory } = await writtenLog(5, { checkpoint: { everyEvents: 2 } })
  const [file = ''] = filesIn(directory)
  const lines = linesOf(directory, file)
  const first = 'A'.repeat(43)
  for (const [at, line] of lines.entries()) {
    const { seq, prev } = JSON.parse(line)
    expect(seq).toBe(at + 1)
    expect(prev).toBe(at === 0 ? first : sha256(lines[at - 1] as string))
  }
  expect(lines.length).toBe(5 + 4)
})

test('AUD-01: a checkpoint names the line before it and is signed with Ed25519 over eight lines of text', async () => {
  const { directory, notes } = await writtenLog(3)
  const [file = ''] = filesIn(directory)
  const [opening, , , before, closing] = linesOf(directory, file).map((line) => JSON.parse(line).checkpoint)
  expect(before).toBeUndefined()
  expect(notes).toEqual([opening, closing])
  const { seq, hash, time, kid, signature } = closing
  expect(closing).toEqual({
    origin,
    file,
    seq: 4,
    hash: sha256(linesOf(directory, file)[3] as string),
    time,
    kid,
    signature,
  })
  const text = `onbehalf audit log 1\n${origin}\n${file}\n${seq}\n${hash}\n${time}\n${kid}\n`
  const key = createPublicKey({ key: logKey.publicJwk, format: 'jwk' })
  expect(verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))).toBe(true)
})

test('RFC 7638 §3: the kid of a KeyObject is its thumbprint, that of a JWK is its own', async () => {
  const { kty, crv, x } = logKey.publicJwk
  const thumbprint = sha256(JSON.stringify({ crv, kty, x }))
  expect((await writtenLog(1)).notes.map(({ kid }) => kid)).toEqual([thumbprint, thumbprint])
  const jwk = { ...logKey.privateKey.export({ format: 'jwk' }), kid: '2026' }
  const named = await writtenLog(1, { key: jwk })
  expect(named.notes.map(({ kid }) => kid)).toEqual(['2026', '2026'])
  for (const key of [{ ...logKey.publicJwk, kid: '2026' }]) {
    expect(await verifyAuditLog(named.directory, { keys: [key] })).toMatchObject({ faults: [], checkpoints: 2 })
  }
})

const hostile = [
  'a\nb\r\n{"seq":9}',
  '\u001b[2J\u009b31m\u007f',
  'line\u2028and\u2029paragraph',
  'lone \ud800 and \udc00',
  '\u202edetrever\u2066',
  '"quoted" \\ back',
  'Zoë 日本語 🙂',
]

test('Audit: values of callers stay on their line, and nothing acts on a terminal', async () => {
  const { directory, log } = await openLog()
  for (const text of hostile) log.write(logEvent(1, { client: text, tokenId: text }))
  await log.close()
  const octets = readFileSync(join(directory, filesIn(directory)[0] as string), 'utf8')
  expect(octets).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u)
  const clients = recordsIn(directory).flatMap(({ client }) => (client === undefined ? [] : [client]))
  expect(clients).toEqual(hostile)
  expect(await verifyAuditLog(directory, [logKey.publicJwk])).toMatchObject({ events: hostile.length, faults: [] })
})

test('Audit: the text of any record is what JSON.stringify means by it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })), (record) => {
      expect(JSON.parse(`{${membersText(record)}}`)).toEqual(JSON.parse(JSON.stringify(record)))
      const frozen = Object.freeze(record)
      expect(textOf(frozen)).toBe(textOf(frozen))
    }),
    { numRuns: 50 },
  )
  expect(membersText({ a: undefined, b: Number.NaN, c: [undefined], d: {}, e: [] })).toBe(
    '"b":null,"c":[null],"d":{},"e":[]',
  )
})

test('Audit: what was added to all objects is in no line', () => {
  const record = { a: 1, b: { c: 2 }, d: Object.freeze({ e: [3] }) }
  const before = membersText(record)
  Object.defineProperty(Object.prototype, 'seq', { value: 9, enumerable: true, configurable: true, writable: true })
  const texts = [membersText(record), membersText({ ...record, f: Object.freeze({ g: 4 }) })]
  Reflect.deleteProperty(Object.prototype, 'seq')
  expect(texts).toEqual([before, `${before},"f":{"g":4}`])
})

test('Audit: long names of members are not kept', () => {
  collect()
  const before = process.memoryUsage().heapUsed
  for (let nth = 0; nth < 400; nth++) membersText({ [`${nth}`.padEnd(100_000, 'n')]: 1 })
  for (let times = 0; times < 4; times++) collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6)
})

test('Audit: seq orders the lines where the clock goes back', async () => {
  let now = 2_000_000_000_000
  const clock = { now: () => (now -= 1_000), monotonic: () => 0 }
  const { directory } = await writtenLog(5, { clock, checkpoint: { everyEvents: 2 } })
  expect(recordsIn(directory).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(await verifyAuditLog(directory, [logKey.publicJwk])).toMatchObject({ events: 5, checkpoints: 4, faults: [] })
})
