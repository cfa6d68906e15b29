/** A PKCS #11 token of SoftHSM 2 in a temporary folder, for the tests of examples/hardware-agent. */
import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { KeySettings, OpenKey, RouteName } from '../../examples/hardware-agent/hardware-key.ts'
import { openHardwareKey } from '../../examples/hardware-agent/open-hardware-key.ts'
import { loadPkcs11js } from '../../examples/hardware-agent/pkcs11js.ts'
import { describeWithService, makeFolder, serviceOf } from '../support/services.ts'

const module =
  ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm2.so'].find((path) => existsSync(path)) ?? ''

/** The ways to a token that this machine has. */
export const routes: readonly RouteName[] =
  'PKCS11' in (await loadPkcs11js()) ? ['pkcs11js', 'pkcs11-tool'] : ['pkcs11-tool']

export interface SoftToken {
  readonly folder: string
  settings(more?: Partial<KeySettings>): KeySettings
  /** A key that closes with the test. */
  open(keyId: string, route?: RouteName): Promise<OpenKey>
  /** Runs pkcs11-tool with the PIN of the token. */
  tool(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }>
  util(...args: readonly string[]): Promise<unknown>
}

const pin = '271828'
const run = promisify(execFile)

export function describeWithToken(title: string, suite: (token: SoftToken) => void): void {
  describeWithService('softhsm2-util', title, () => {
    describeWithService('pkcs11-tool', `${title}, by ${routes.join(' and ')}`, () => suite(useSoftToken()))
  })
}

function useSoftToken(): SoftToken {
  const { path: folder, remove } = makeFolder('softhsm')
  const configuration = join(folder, 'softhsm2.conf')
  const before = process.env['SOFTHSM2_CONF']
  const settings = (more: Partial<KeySettings> = {}) => ({ module, tokenLabel: 'agents', pin, keyId: '01', ...more })
  const util = (...args: readonly string[]) => run(serviceOf('softhsm2-util') as string, args)

  beforeAll(async () => {
    writeFileSync(configuration, `directories.tokendir = ${folder}\nobjectstore.backend = file\nlog.level = ERROR\n`)
    // Read by the library in this process, and by the programs.
    process.env['SOFTHSM2_CONF'] = configuration
    await util('--init-token', '--free', '--label', 'agents', '--so-pin', '31415926', '--pin', pin)
  })
  afterAll(() => {
    if (before === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = before
    remove()
  })

  return {
    folder,
    settings,
    util,
    async open(keyId, route) {
      const key = await openHardwareKey(settings({ keyId }), route)
      onTestFinished(() => key.close())
      return key
    },
    tool(...args) {
      const token = ['--module', module, '--token-label', 'agents', '--login', '--pin', 'env:PIN']
      return run(serviceOf('pkcs11-tool') as string, [...token, ...args], { env: { ...process.env, PIN: pin } })
    },
  }
}
