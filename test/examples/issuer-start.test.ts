import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { startIssuer } from '../../examples/issuer/server.ts'
import { freePort } from '../support/services.ts'
import { setUp } from './issuer-setup.ts'

const wrong = { client_id: 'x', owner: '', client_profile: 'ai_agent', scope: '', may_reach: [] } as const
const client = { ...wrong, grant_types: [], token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [] } } as const

test('Examples: an issuer that cannot start leaves its port', async () => {
  const port = await freePort()
  await expect(startIssuer({ port, resources: [], people: [], clients: [client] })).rejects.toThrow()
  const next = createServer()
  await new Promise<void>((resolve, reject) => next.once('error', reject).listen(port, '127.0.0.1', resolve))
  await new Promise((resolve) => next.close(resolve))
})

test('Examples: an issuer whose port is taken does not start', async () => {
  const { issuer } = await setUp()
  await expect(startIssuer({ port: Number(new URL(issuer).port), resources: [], people: [] })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
})
