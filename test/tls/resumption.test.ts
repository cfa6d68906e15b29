import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTlsKit, serveTls, type TlsApi, type TlsKit, versions } from '../support/tls.ts'

let kit: TlsKit
beforeAll(async () => {
  kit = await createTlsKit()
})

/** A session of a connection that has carried a request: TLS 1.3 sends its tickets after the handshake. */
async function sessionOf(api: TlsApi, socket: TLSSocket, headers: Record<string, string>): Promise<Buffer> {
  const ticket = socket.getProtocol() === 'TLSv1.3' ? once(socket, 'session') : undefined
  await api.ask(socket, headers)
  const session = ticket === undefined ? socket.getSession() : ((await ticket)[0] as Buffer)
  if (session === undefined) throw new Error('a session')
  return session
}

describe.each(versions)('%s', (version) => {
  test('MTLS-13: a resumed session keeps its certificate', async () => {
    const api = await serveTls(kit, version)
    const headers = { authorization: `Bearer ${await kit.token()}` }
    const first = await api.open(kit.own)
    const session = await sessionOf(api, first, headers)
    const resumed = await api.open(kit.own, { session })
    expect(resumed.isSessionReused()).toBe(true)
    expect(await api.ask(resumed, headers)).toMatchObject({ status: 200, body: { x5t: kit.own.thumbprint } })
  })

  test('MTLS-13: a resumed session counts as its own certificate, not as the one configured since', async () => {
    const api = await serveTls(kit, version)
    const token = await kit.token({ claims: { cnf: { 'x5t#S256': kit.other.thumbprint } } })
    const headers = { authorization: `Bearer ${token}` }
    const session = await sessionOf(api, await api.open(kit.own), headers)
    const resumed = await api.open(kit.other, { session })
    expect(resumed.isSessionReused()).toBe(true)
    expect((await api.ask(resumed, headers)).body.code).toBe('binding_mismatch')
  })

  test('MTLS-13: a session begun without certificate has none when resumed', async () => {
    const api = await serveTls(kit, version)
    const headers = { authorization: `Bearer ${await kit.token()}` }
    const session = await sessionOf(api, await api.open(undefined), headers)
    const resumed = await api.open(kit.own, { session })
    expect(resumed.isSessionReused()).toBe(true)
    expect((await api.ask(resumed, headers)).body.code).toBe('certificate_missing')
  })
})
