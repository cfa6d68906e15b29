import { decodeJwt } from 'jose'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { discover } from '../../examples/agents/authorization-server.ts'
import { mtlsRequest } from '../../examples/agents/mtls-request.ts'
import { resource } from '../support/kit.ts'
import { type Setup, setUp } from './issuer-setup.ts'

let setup: Setup
let server: TestCertificate
let client: TestCertificate

beforeAll(async () => {
  ;[server, client] = await Promise.all([
    createTestCertificate({ commonName: 'issuer', hosts: ['127.0.0.1'] }),
    createTestCertificate({ commonName: 'auditor' }),
  ])
  setup = await setUp({ tls: { key: server.key, cert: server.certificate } })
  await setup.register('auditor', {
    authentication: { method: 'self_signed_tls_client_auth', thumbprint: client.thumbprint },
  })
  await setup.register('planner', {})
})
afterAll(() => setup.running.close())

function requestToken(certificate: TestCertificate | undefined, id = 'auditor') {
  const identity = {
    ca: [server.certificate],
    ...(certificate && { key: certificate.key, cert: certificate.certificate }),
  }
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource, client_id: id })
  return mtlsRequest(identity, { method: 'POST', url: setup.running.mtlsTokenEndpoint ?? '', body })
}

describe('self_signed_tls_client_auth', () => {
  test('RFC 8705 §3: the token is bound to the certificate of the connection and sent as Bearer', async () => {
    const { status, body } = await requestToken(client)
    const { access_token: token, token_type: type } = body as Record<string, string>
    expect(status).toBe(200)
    expect(type).toBe('Bearer')
    expect(decodeJwt(token ?? '')['cnf']).toEqual({ 'x5t#S256': client.thumbprint })
  })

  test('RFC 8705 §2.2: a certificate that is not registered is refused', async () => {
    const other = await createTestCertificate({ commonName: 'auditor' })
    expect(await requestToken(other)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('RFC 8705 §2.2: a connection without certificate is refused', async () => {
    expect(await requestToken(undefined)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('RFC 8705 §2: a certificate does not authenticate a client that registered a key', async () => {
    expect(await requestToken(client, 'planner')).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('RFC 8705 §5: the metadata names the endpoint with mutual TLS', async () => {
    const { mtls_endpoint_aliases: aliases } = await discover(setup.running.issuer)
    expect(aliases?.token_endpoint).toBe(setup.running.mtlsTokenEndpoint)
  })

  test('RFC 7517 §9.2: the published keys have no private part', async () => {
    const { keys } = (await (await fetch(`${setup.running.issuer}/jwks`)).json()) as { keys: object[] }
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toHaveProperty('d')
  })
})
