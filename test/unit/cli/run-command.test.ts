import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { foreign, jsonText, styled, terminalOf } from '../../../src/cli/terminal.ts'
import { makeFolder } from '../../support/services.ts'
import { runCli } from './run.ts'

test.each([[], ['unknown'], ['audit'], ['audit', 'unknown'], ['--unknown']])(
  'CLI: without a command that exists it ends with 2 and lists them (%s)',
  async (...args) => {
    const { code, out, err } = await runCli(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('onbehalf doctor')
  },
)

test.each([['--help'], ['-h'], ['help'], ['doctor', '--help'], ['audit', 'keygen', '-h']])(
  'CLI: help is an answer (%s %s)',
  async (...args) => {
    const { code, out, err } = await runCli(args)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.length).toBeGreaterThan(100)
  },
)

const secret = `eyJ${'a'.repeat(200)}.eyJ${'b'.repeat(200)}.${'c'.repeat(86)}`

test.each([
  ['doctor'],
  ['doctor', 'no url'],
  ['doctor', 'http://as.example.com'],
  ['doctor', 'https://as.example.com?tenant=1'],
  ['doctor', 'https://a.example', 'https://b.example'],
  ['doctor', '--unknown', 'https://a.example'],
  ['doctor', secret],
  ['doctor', `--${secret}`],
  ['audit', 'keygen', secret],
  ['audit', 'keygen', '--out', ''],
])('CLI: misuse ends with 2 and shows the usage, and no secret (%s %s)', async (...args) => {
  const { code, out, err } = await runCli(args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(`onbehalf ${args[0]}`)
  expect(err).not.toContain(secret.slice(0, 100))
})

test('CLI: audit keygen writes a key pair that only its owner can read, and prints no secret', async () => {
  const folder = makeFolder('keygen')
  onTestFinished(folder.remove)
  const name = join(folder.path, 'log')
  const { code, out } = await runCli(['audit', 'keygen', '--out', name])
  expect(code).toBe(0)
  const [key, pub] = ['key', 'pub'].map((end) => JSON.parse(readFileSync(`${name}.${end}`, 'utf8')))
  for (const end of ['key', 'pub']) expect(statSync(`${name}.${end}`).mode & 0o777).toBe(0o600)
  expect(Object.keys(pub)).toEqual(['kty', 'crv', 'x', 'kid'])
  expect(pub.kid).toBe(await calculateJwkThumbprint(pub))
  expect(key).toMatchObject(pub)
  expect(out).toContain(pub.kid)
  expect(out).not.toContain(key.d)
  const signature = sign(null, Buffer.from('text'), createPrivateKey({ key, format: 'jwk' }))
  expect(verify(null, Buffer.from('text'), createPublicKey({ key: pub, format: 'jwk' }), signature)).toBe(true)
})

test.each(['key', 'pub'])('CLI: audit keygen overwrites no file (.%s)', async (end) => {
  const folder = makeFolder('keygen')
  onTestFinished(folder.remove)
  const name = join(folder.path, 'log')
  writeFileSync(`${name}.${end}`, 'precious')
  expect(await runCli(['audit', 'keygen', '--out', name])).toMatchObject({ code: 2, out: '' })
  expect(readFileSync(`${name}.${end}`, 'utf8')).toBe('precious')
})

const hostile = 'a\u001b[2Jb\u0007c\nd\u009b31me\u202ef\u2066g\u200bh\u2028i\ud800j'

test('CLI: text of others moves no cursor, changes no colour and turns no writing direction', () => {
  for (const shown of [foreign(hostile), jsonText({ name: hostile })]) {
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    for (const letter of 'abcdefghij') expect(shown).toContain(letter)
  }
  expect(foreign(hostile)).not.toContain('\n')
  expect(JSON.parse(jsonText({ name: hostile }))).toEqual({ name: hostile })
  expect(JSON.parse(jsonText({ name: '\u{1f600}\u{e0041}' }))).toEqual({ name: '\u{1f600}\u{e0041}' })
  expect(foreign('x'.repeat(10_000)).length).toBeLessThan(300)
})

test.each([
  [true, true, {}, true],
  [true, true, { NO_COLOR: '' }, true],
  [true, true, { NO_COLOR: '1' }, false],
  [true, true, { TERM: 'dumb' }, false],
  [true, false, {}, false],
  [false, true, {}, false],
  [undefined, undefined, {}, false],
])('CLI: colours where both streams are terminals and NO_COLOR is empty (%s %s %o)', (out, err, env, expected) => {
  const streams = { stdout: { isTTY: out }, stderr: { isTTY: err } } as unknown as NodeJS.Process
  const terminal = terminalOf(streams, env)
  expect(terminal.hasColours).toBe(expected)
  expect(styled(terminal, 'red', 'text') === 'text').toBe(!expected)
})
