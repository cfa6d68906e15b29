import { Writable } from 'node:stream'
import pino from 'pino'
import { expect, test } from 'vitest'
import { parseJsonObject } from '../../src/jose/strict-json.ts'
import { createKit } from '../support/kit.ts'

test('Audit: pino in one line writes each event as one line of strict JSON, at once', async () => {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = pino(stream)
  const kit = await createKit({ token: { human: 'alice\u2028"\\\u{1f600}' } })
  const verifier = kit.verifierWith({ audit: (event) => log.info({ event }) })
  await verifier.verify(await kit.request())
  const [line = '', ...others] = lines
  expect(others).toEqual([])
  expect(line.trimEnd()).not.toContain('\n')
  // An event has a `time` of its own: at the top level it would be a second member of that name.
  expect(parseJsonObject(Buffer.from(line))).toMatchObject({
    time: expect.any(Number),
    event: { version: 1, time: expect.any(Number), principal: { subject: 'alice\u2028"\\\u{1f600}' } },
  })
  expect(verifier.health().audit).toEqual({ dropped: 0, failed: 0, pending: 0 })
})
