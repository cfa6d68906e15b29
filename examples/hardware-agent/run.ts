import { calculateJwkThumbprint } from 'jose'
import { createHardwareAgent } from './hardware-agent.ts'
import type { OpenKey } from './hardware-key.ts'
import { HardwareKeyError } from './hardware-key-error.ts'
import { openHardwareKey } from './open-hardware-key.ts'
import { type CallSettings, type Environment, readCallSettings, readKeySettings } from './settings.ts'

type Say = (line: string) => void

/** Opens the key, gets a token and calls the API, and says so. Returns the exit code of the program. */
export async function runHardwareAgent(environment: Environment, say: Say): Promise<number> {
  try {
    const keySettings = readKeySettings(environment)
    const call = readCallSettings(environment)
    const key = await openHardwareKey(keySettings)
    try {
      return await useKey(key, call, say)
    } finally {
      key.close()
    }
  } catch (error) {
    const { message } = error as Error
    say(error instanceof HardwareKeyError ? `${error.code}: ${message}` : message)
    return 1
  }
}

async function useKey(key: OpenKey, call: CallSettings | undefined, say: Say): Promise<number> {
  say(`${key.isNew ? 'A new key pair was made' : 'The key pair is'} in the token, reached by ${key.route}.`)
  say(`Tokens are bound to its thumbprint: ${await calculateJwkThumbprint(key.publicJwk)}`)
  if (call === undefined) {
    say('The public key, to be registered for the agent at the authorization server:')
    say(JSON.stringify({ ...key.publicJwk, alg: key.algorithm, use: 'sig' }))
    return 0
  }
  const { issuer, clientId, resource, scope, url } = call
  const agent = await createHardwareAgent({ id: clientId, issuer, key })
  const token = await agent.ownToken({ resource, scope })
  say(`${issuer} gave a token for ${token.expiresIn} s, with the scopes: ${token.scope}`)
  const response = await agent.fetchOf(resource, token)(url)
  say(`${url} answered ${response.status}: ${await response.text()}`)
  return response.ok ? 0 : 1
}
