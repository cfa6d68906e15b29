import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { KeySettings } from './hardware-key.ts'
import { HardwareKeyError, tokenError } from './hardware-key-error.ts'

/** In the environment of the program alone: its command line can be read by every user of the machine. */
const pinVariable = 'PKCS11_TOOL_PIN'

/** A token that does not answer for so long has failed. */
const timeoutMs = 30_000

export interface Question {
  readonly args: readonly string[]
  /** What the program reads from its standard input. */
  readonly input?: Buffer
  /** Whether the user has to be logged in. Default: true. */
  readonly withPin?: boolean
}

/** Runs pkcs11-tool of OpenSC, without a shell and without files, and gives what it prints. */
export async function askPkcs11Tool(settings: KeySettings, question: Question): Promise<Buffer> {
  const { args, input, withPin = true } = question
  const token = ['--token-label', settings.tokenLabel, '--login', '--pin', `env:${pinVariable}`]
  const running = promisify(execFile)(
    'pkcs11-tool',
    ['--module', settings.module, ...(withPin ? token : []), ...args],
    {
      encoding: 'buffer',
      timeout: timeoutMs,
      env: { ...process.env, ...(withPin && { [pinVariable]: settings.pin }) },
    },
  )
  // Where it ends before it has read, the way it ended says why.
  running.child.stdin?.on('error', () => {})
  running.child.stdin?.end(input)
  try {
    return (await running).stdout
  } catch (error) {
    throw failureOf(error, settings)
  }
}

function failureOf(error: unknown, { module }: KeySettings): HardwareKeyError {
  const { code, killed, stderr } = Object(error) as { code?: unknown; killed?: boolean; stderr?: Buffer }
  // Its arguments are in the message of the error, and no secret is among them.
  const options = { cause: error }
  if (code === 'ENOENT') {
    const wanted = 'Neither the package pkcs11js can be loaded nor is the program pkcs11-tool (OpenSC) installed.'
    return new HardwareKeyError('route_missing', wanted, options)
  }
  if (killed) return new HardwareKeyError('token_failed', 'The token did not answer in time.', options)
  const said = String(stderr ?? '')
  if (said.includes('Failed to load pkcs11 module')) {
    return new HardwareKeyError('module_missing', `This is no PKCS #11 module: ${module}.`, options)
  }
  // So it ends for keys on some other curves.
  if (said.includes('cannot create EVP_PKEY')) {
    return new HardwareKeyError('key_unusable', 'The public key cannot be read.', options)
  }
  return tokenError(said, error)
}
