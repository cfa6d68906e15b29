import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { url } from '../support/kit.ts'
import { createTlsKit, serveTls, type TlsKit, versions } from '../support/tls.ts'

let kit: TlsKit
let expired: TestCertificate
let future: TestCertificate
beforeAll(async () => {
  kit = await createTlsKit()
  const years = (from: number, to: number) => ({
    notBefore: new Date(Date.UTC(from, 0, 1)),
    notAfter: new Date(Date.UTC(to, 0, 1)),
  })
  ;[expired, future] = await Promise.all([
    createTestCertificate({ commonName: 'expired', ...years(2020, 2021) }),
    createTestCertificate({ commonName: 'not-yet', ...years(2090, 2091) }),
  ])
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const boundTo = (certificate: TestCertificate) => ({ cnf: { 'x5t#S256': certificate.thumbprint } })

describe.each(versions)('%s', (version) => {
  test('MTLS-01: the certificate of the connection is the one the token is bound to', async () => {
    const api = await serveTls(kit, version)
    const socket = await api.open(kit.own)
    expect(socket.getProtocol()).toBe(version)
    const answer = await api.ask(socket, bearer(await kit.token()))
    expect(answer).toMatchObject({ status: 200, body: { method: 'mtls', x5t: kit.own.thumbprint } })
  })

  test('MTLS-01: another certificate is binding_mismatch', async () => {
    const api = await serveTls(kit, version)
    const answer = await api.ask(await api.open(kit.other), bearer(await kit.token()))
    expect(answer).toMatchObject({ status: 401, body: { code: 'binding_mismatch' } })
    expect(answer.challenge).toMatch(/^Bearer error="invalid_token"/)
  })

  test('MTLS-01: no certificate is certificate_missing', async () => {
    const api = await serveTls(kit, version)
    const answer = await api.ask(await api.open(undefined), bearer(await kit.token()))
    expect(answer).toMatchObject({ status: 401, body: { code: 'certificate_missing' } })
  })

  test('MTLS-01: another certificate is refused cold and warm', async () => {
    const api = await serveTls(kit, version)
    const headers = bearer(await kit.token())
    const thief = await api.open(kit.other)
    const owner = await api.open(kit.own)
    expect((await api.ask(thief, headers)).body.code).toBe('binding_mismatch')
    expect((await api.ask(owner, headers)).status).toBe(200)
    expect((await api.ask(thief, headers)).body.code).toBe('binding_mismatch')
  })

  test('MTLS-03: a self-signed certificate outside its dates still binds', async () => {
    const api = await serveTls(kit, version)
    for (const certificate of [expired, future]) {
      const token = await kit.token({ claims: boundTo(certificate) })
      expect(await api.ask(await api.open(certificate), bearer(token))).toMatchObject({ status: 200 })
      expect((await api.ask(await api.open(kit.own), bearer(token))).body.code).toBe('binding_mismatch')
    }
  })

  test('MTLS-19: a DPoP proof does not stand in for the certificate', async () => {
    const api = await serveTls(kit, version)
    const token = await kit.token()
    const dpop = await kit.agent.proof({ method: 'GET', url: url, token })
    const answer = await api.ask(await api.open(undefined), { ...bearer(token), dpop })
    expect(answer).toMatchObject({ status: 401, body: { code: 'certificate_missing' } })
  })

  test('MTLS-20: a token bound to a certificate alone is not taken under the scheme DPoP', async () => {
    const api = await serveTls(kit, version)
    const token = await kit.token()
    const dpop = await kit.agent.proof({ method: 'GET', url: url, token })
    const socket = await api.open(kit.own)
    const answer = await api.ask(socket, { authorization: `DPoP ${token}`, dpop })
    expect(answer).toMatchObject({ status: 401, body: { code: 'binding_scheme' } })
    expect((await api.ask(socket, bearer(token))).status).toBe(200)
  })

  test('RFC 8705 §3: many requests on one connection are judged each by its own token', async () => {
    const api = await serveTls(kit, version)
    const socket = await api.open(kit.own)
    const own = bearer(await kit.token())
    const foreign = bearer(await kit.token({ claims: boundTo(kit.other) }))
    for (let round = 0; round < 20; round++) {
      expect((await api.ask(socket, own, `/tools/${round}`)).status).toBe(200)
      expect((await api.ask(socket, foreign)).body.code).toBe('binding_mismatch')
    }
    expect(socket.destroyed).toBe(false)
  })
})
