import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { type Token, type TokenRequest, TokenRequestError } from '../agents/authorization-server.ts'
import { requestDeviceCode } from '../agents/device-code.ts'
import { createDpopAgent, type DpopAgent } from '../agents/dpop-agent.ts'
import type { SigningKey } from '../agents/signing-key.ts'
import type { AgentFile } from './agent-files.ts'

/**
 * Calls an API as an agent of `npm run issuer`: `node call.js FILE METHOD URL [--scope SCOPES] [--for-human]`. It prints the
 * answer, and ends with 1 where the issuer or the API refuses or cannot be reached.
 */
const { path, method, url, isForHuman, scope } = readOrExit()
try {
  const status = await callAs(await readAgent(path))
  process.exitCode = status < 400 ? 0 : 1
} catch (error) {
  console.error(reasonOf(error))
  process.exitCode = 1
}

function readOrExit() {
  try {
    const { values, positionals } = parseArgs({
      options: { scope: { type: 'string' }, 'for-human': { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [path, method, url, ...more] = positionals
    if (path !== undefined && method !== undefined && url !== undefined && URL.canParse(url) && more.length === 0)
      return { path, method, url, isForHuman: values['for-human'], scope: values.scope }
  } catch {
    // An option that does not exist.
  }
  console.error('usage: call.js FILE METHOD URL [--scope SCOPES] [--for-human]')
  process.exit(2)
}

async function readAgent(file: string): Promise<AgentFile> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new Error(`${file} cannot be read. The issuer deletes it when it stops.`, { cause })
  }
}

/** Gives the status of the answer. */
async function callAs({ id, issuer, resource, scope: registered, privateJwk }: AgentFile): Promise<number> {
  const agent = await createDpopAgent({ id, issuer, clientKey: await importSigningKey(privateJwk) })
  const request = { resource, scope: scope ?? registered }
  const token = isForHuman ? await askHuman(agent, request) : await agent.ownToken(request)
  const response = await send(agent, token)
  const challenge = response.headers.get('www-authenticate')
  console.log(response.status, await response.text())
  if (challenge !== null) console.log(challenge)
  return response.status
}

/** RFC 6749 §7.1. Some dialects have no name for the key: then every holder of the token can use it. */
function send(agent: DpopAgent, { type, accessToken }: Token): Promise<Response> {
  if (type === 'DPoP') return agent.fetchWith(accessToken)(url, { method })
  return fetch(url, { method, headers: { authorization: `Bearer ${accessToken}` }, redirect: 'error' })
}

async function askHuman(agent: DpopAgent, request: TokenRequest): Promise<Token> {
  const code = await requestDeviceCode(agent, request)
  console.log(`Open ${code.verificationUri} and enter the code ${code.userCode}`)
  return code.token()
}

async function importSigningKey({ d, ...publicJwk }: JWK): Promise<SigningKey> {
  const [privateKey, publicKey] = [
    await importJWK({ d, ...publicJwk } as JWK, 'ES256'),
    await importJWK(publicJwk, 'ES256'),
  ]
  return {
    algorithm: 'ES256',
    privateKey: privateKey as CryptoKey,
    publicKey: publicKey as CryptoKey,
    publicJwk,
    thumbprint: await calculateJwkThumbprint(publicJwk),
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TokenRequestError) return `The issuer gives no token: ${error.message}`
  const { message, cause } = error as Error & { cause?: { code?: unknown } }
  return cause?.code === undefined ? message : `${message} (${cause.code})`
}
