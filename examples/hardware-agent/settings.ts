import type { KeySettings } from './hardware-key.ts'

export type Environment = Record<string, string | undefined>

/** Takes the PIN out of the environment, so that no program that is started later inherits it. */
export function readKeySettings(environment: Environment): KeySettings {
  const settings = {
    module: required(environment, 'PKCS11_MODULE', 'the path of the PKCS #11 module'),
    tokenLabel: required(environment, 'TOKEN_LABEL', 'the label of the token'),
    pin: required(environment, 'TOKEN_PIN', 'the PIN of the user of the token'),
    keyId: environment['KEY_ID'] ?? '01',
  }
  delete environment['TOKEN_PIN']
  return settings
}

export interface CallSettings {
  readonly issuer: string
  readonly clientId: string
  /** The API the token is for (RFC 8707). */
  readonly resource: string
  readonly scope: string | undefined
  /** What is called there. */
  readonly url: string
}

/** Undefined without ISSUER: then there is no call to make. */
export function readCallSettings(environment: Environment): CallSettings | undefined {
  const { ISSUER: issuer, SCOPE: scope } = environment
  if (issuer === undefined) return undefined
  const resource = required(environment, 'RESOURCE', 'the API the token is for')
  const clientId = required(environment, 'CLIENT_ID', 'the client id under which the key is registered')
  return { issuer, clientId, resource, scope, url: environment['API_URL'] ?? resource }
}

function required(environment: Environment, name: string, meaning: string): string {
  const value = environment[name]
  if (value === undefined || value === '') throw new Error(`${name} is required: ${meaning}`)
  return value
}
