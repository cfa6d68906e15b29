import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import type { Token } from '../agents/authorization-server.ts'
import { requestDeviceCode } from '../agents/device-code.ts'
import { createDpopAgent, type DpopAgent } from '../agents/dpop-agent.ts'
import type { SigningKey } from '../agents/signing-key.ts'
import type { AgentFile } from './agent-files.ts'

/** Calls an API as an agent of `npm run issuer`: `node call.js FILE METHOD URL [--scope SCOPES] [--for-human]` */
const { values, positionals } = parseArgs({
  options: { scope: { type: 'string' }, 'for-human': { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [path, method, url] = positionals
if (path === undefined || method === undefined || url === undefined) {
  console.error('usage: call.js FILE METHOD URL [--scope SCOPES] [--for-human]')
  process.exit(2)
}

const { id, issuer, resource, privateJwk }: AgentFile = JSON.parse(await readFile(path, 'utf8'))
const agent = await createDpopAgent({ id, issuer, clientKey: await importSigningKey(privateJwk) })
const request = { resource, scope: values.scope ?? 'tools:read' }
const token = values['for-human'] ? await askHuman(agent) : await agent.ownToken(request)
const { status, body } = await agent.call(method, url, token.accessToken)
console.log(status, JSON.stringify(body, null, 2))

async function askHuman(asking: DpopAgent): Promise<Token> {
  const code = await requestDeviceCode(asking, request)
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
