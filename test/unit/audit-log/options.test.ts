import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OptionsError } from 'onbehalf'
import { type AuditLogOptions, auditLog } from 'onbehalf/audit-log'
import { expect, test } from 'vitest'
import { createLogFolder, filesIn, logKey, origin } from '../../support/audit-log.ts'

const directory = createLogFolder()
const required = { directory, origin, key: logKey.privateKey }
const of = () => 'acme'
const jwk = logKey.privateKey.export({ format: 'jwk' })

async function problemsWith(options: unknown): Promise<readonly string[]> {
  const error: unknown = await auditLog(options as AuditLogOptions).catch((reason: unknown) => reason)
  if (!(error instanceof OptionsError)) throw error
  return error.problems.map(({ path }) => path)
}

test('Options: what auditLog must be given', async () => {
  expect(await problemsWith(undefined)).toEqual(['auditLog', 'auditLog.key', 'auditLog.directory', 'auditLog.origin'])
  expect(await problemsWith({})).toEqual(['auditLog.key', 'auditLog.directory', 'auditLog.origin'])
})

test.each<readonly [path: string, options: object]>([
  ['auditLog.more', { more: 1 }],
  ['auditLog.directory', { directory: '' }],
  ['auditLog.origin', { origin: 'two words' }],
  ['auditLog.origin', { origin: `x${'y'.repeat(256)}` }],
  ['auditLog.key', { key: generateKeyPairSync('ed25519').publicKey }],
  ['auditLog.key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
  ['auditLog.key', { key: { ...logKey.publicJwk, kid: '1' } }],
  ['auditLog.key.kid', { key: jwk }],
  ['auditLog.key.kid', { key: { ...jwk, kid: 'a\nb' } }],
  ['auditLog.checkpoint.everyEvents', { checkpoint: { everyEvents: 0 } }],
  ['auditLog.checkpoint.everySeconds', { checkpoint: { everySeconds: 3_601 } }],
  ['auditLog.maxFileBytes', { maxFileBytes: 65_535 }],
  ['auditLog.onCheckpoint', { onCheckpoint: {} }],
  ['auditLog.clock', { clock: () => 0 }],
  ['auditLog.tenants.of', { tenants: { names: ['acme'] } }],
  ['auditLog.tenants.names', { tenants: { of } }],
  ['auditLog.tenants.names', { tenants: { of, names: ['acme', 'acme'] } }],
  ['auditLog.tenants.names', { tenants: { of, names: Array.from({ length: 65 }, (_, at) => `t${at}`) } }],
  ['auditLog.tenants.names[0]', { tenants: { of, names: ['../acme'] } }],
  ['auditLog.tenants.names[0]', { tenants: { of, names: ['Acme'] } }],
  ['auditLog.tenants.names[0]', { tenants: { of, names: ['other'] } }],
  ['auditLog.tenants.names[0]', { tenants: { of, names: ['a'.repeat(65)] } }],
  ['auditLog.personal', { personal: 'hash' }],
  ['auditLog.personal.pseudonymKey', { personal: {} }],
  ['auditLog.personal.pseudonymKey', { personal: { pseudonymKey: 'x'.repeat(31) } }],
])('Options: %s is judged when the log is made (%j)', async (path, options) => {
  expect(await problemsWith({ ...required, ...options })).toEqual([path])
  expect(filesIn(directory)).toEqual([])
})

test('Audit: a log that cannot be written is an error at the start', async () => {
  writeFileSync(join(directory, 'file'), '')
  const error: unknown = await auditLog({ ...required, directory: join(directory, 'file') }).catch(
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Error)
  expect(error).not.toBeInstanceOf(OptionsError)
})
