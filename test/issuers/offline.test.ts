/** With static keys a verifier needs no network. Here every way to one is cut, and attempts are counted. */
import dns from 'node:dns'
import net from 'node:net'
import { createVerifier, memoryReplayStore, partyKey, sentence, type VerifierOptions } from 'onbehalf'
import { createGate } from 'onbehalf/fetch'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { memorySink } from '../support/audit.ts'
import { createForge } from '../support/forge.ts'
import { type Call, createKit, headerValues, type Kit, type KitOptions, outcomeOf, resource } from '../support/kit.ts'

let attempts: string[]

beforeEach(() => {
  attempts = []
  const cut = (name: string) => () => {
    attempts.push(name)
    throw new Error('There is no network.')
  }
  vi.stubGlobal('fetch', cut('fetch'))
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6'] as const) {
    vi.spyOn(dns, name).mockImplementation(cut(name))
    vi.spyOn(dns.promises, name).mockImplementation(cut(name))
  }
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(cut('connect'))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Both the fetch of the options and the global one are cut. */
async function createOffline(verifier: Partial<VerifierOptions> = {}, more: KitOptions = {}): Promise<Kit> {
  const kit = await createKit({
    token: { human: 'alice' },
    ...more,
    verifier: { fetch: globalThis.fetch, ...verifier },
  })
  onTestFinished(() => kit.verifier.close())
  return kit
}

describe('without a network', () => {
  afterEach(() => expect(attempts).toEqual([]))

  test('Offline: tokens are verified, cold and cached, and refused', async () => {
    const kit = await createOffline()
    await kit.verifier.ready()
    const token = await kit.token()
    expect(await kit.code({ token })).toBe('admitted')
    expect(await kit.code({ token })).toBe('admitted')
    expect(kit.verifier.health().caches.tokens).toBe(1)
    expect(await kit.code({ token: { header: { kid: 'unknown' } } })).toBe('token_key_unknown')
    expect(await kit.code({ token: { claims: { iss: 'https://other.example.test' } } })).toBe('token_issuer')
    await kit.issuer.rotateKey()
    expect(await kit.code()).toBe('token_key_unknown')
    kit.clock.advance(306)
    expect(await kit.code({ token })).toBe('token_expired')
  })

  test('Offline: without a fetch of its own a verifier does not use the global one either', async () => {
    const forge = await createForge()
    const verifier = createVerifier({ issuer: forge.trust, resource, clock: forge.clock })
    await verifier.ready()
    expect(await forge.code({ verifier })).toBe('admitted')
    expect(await forge.code({ verifier, token: forge.token({}, { kid: 'unknown' }) })).toBe('token_key_unknown')
    expect(await forge.code({ verifier, token: forge.token({}, { kid: undefined }) })).toBe('admitted')
  })

  test('Offline: DPoP with nonces, and replays are found', async () => {
    const kit = await createOffline({
      dpop: { nonce: { secret: 'x'.repeat(32) }, replay: memoryReplayStore(), offload: 'always' },
    })
    const [nonce] = headerValues(await kit.call(), 'dpop-nonce')
    const token = await kit.token()
    const proof = await kit.agent.proof({ method: 'GET', url: `${resource}/tools`, token, nonce })
    expect(await kit.code({ token })).toBe('nonce_required')
    expect(await kit.code({ token, proof })).toBe('admitted')
    expect(await kit.code({ token, proof })).toBe('proof_replayed')
  })

  test('Offline: certificate-bound tokens', async () => {
    const kit = await createOffline({}, { agent: { certificate: true } })
    const call: Call = { scheme: 'Bearer', proof: null }
    expect(await kit.code({ ...call, certificate: kit.agent.certificate?.der })).toBe('admitted')
    expect(await kit.code(call)).toBe('certificate_missing')
  })

  test('Offline: delegation, with actors of another issuer', async () => {
    const agents = 'https://agents.example.test'
    const kit = await createOffline({}, { agent: { issuer: agents }, trust: { actorIssuers: [agents] } })
    const context = await kit.context({ token: { via: [await kit.issuer.agent('planner-2')] } })
    expect(context).toMatchObject({ authority: 'delegated', delegation: { depth: 2 }, actor: { issuer: agents } })
    expect(sentence(context)).toContain('travel-7')
    expect(partyKey(context.actor)).not.toBe(partyKey(context.principal))
  })

  test('Offline: access, of the baseline, of a route and by a hook', async () => {
    const kit = await createOffline({ access: { authority: 'delegated' } })
    const context = await kit.context({ token: { scopes: ['tools:read'] } })
    expect(await kit.decide(context, { scopes: ['tools:read'], where: async () => true })).toBeUndefined()
    expect(await kit.decide(context, { scopes: ['admin'] })).toBe('scope_missing')
    expect(await kit.decide(context, { maxAuthAgeSeconds: 60 })).toBe('authentication_insufficient')
    expect(await kit.decide(context, { where: async () => false })).toBe('access_denied')
    expect(await kit.code({ token: { human: undefined } })).toBe('authority_required')
  })

  test('Offline: audit, also where the sink is required', async () => {
    const sink = memorySink()
    const kit = await createOffline({ audit: { sink, required: true } })
    expect(await kit.code()).toBe('admitted')
    expect(await kit.code({ proof: null })).toBe('proof_missing')
    expect(sink.events.map(({ code }) => code)).toEqual([null, 'proof_missing'])
    expect(kit.verifier.health().audit).toBeDefined()
  })

  test('Offline: the metadata document, and the adapter that serves it', async () => {
    const kit = await createOffline({ metadata: true })
    const { metadata } = kit.verifier
    expect(metadata?.document(['tools:read'])).toMatchObject({
      resource,
      authorization_servers: [kit.issuer.issuer],
      scopes_supported: ['tools:read'],
    })
    const gate = createGate(kit.verifier)
    const entry = await gate(new Request(`${resource}/tools`, { headers: await kit.credentials('GET', '/tools') }))
    expect(entry.ok).toBe(true)
    const document = await gate(new Request(metadata?.url ?? ''))
    expect(document.ok ? undefined : document.response.status).toBe(200)
  })

  test.each([
    ['at once', (answer: boolean) => answer],
    ['later', async (answer: boolean) => answer],
  ])('Offline: a revocation source that answers %s', async (_, answered) => {
    let isRevoked = false
    const kit = await createOffline({ revocation: { isRevoked: () => answered(isRevoked) } })
    const token = await kit.token()
    expect(await kit.code({ token })).toBe('admitted')
    isRevoked = true
    expect(await kit.code({ token })).toBe('token_revoked')
  })

  test('Offline: leases end with their token', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const kit = await createOffline()
    const lease = kit.verifier.lease(await kit.context())
    expect(lease.aborted).toBe(false)
    kit.clock.advance(301)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(lease.aborted).toBe(true)
  })

  test('Offline: describe, health, ready and close', async () => {
    const kit = await createOffline()
    await kit.verifier.ready()
    expect(kit.verifier.describe().issuers).toMatchObject([{ issuer: kit.issuer.issuer, keys: 'static' }])
    expect(kit.verifier.health().issuers).toMatchObject([{ keys: 1, ageSeconds: null, stale: false }])
    // Static keys never age.
    kit.clock.advance(86_400)
    expect(kit.verifier.health().issuers).toMatchObject([{ keys: 1, stale: false }])
    expect(await kit.code()).toBe('admitted')
    await kit.verifier.close()
  })
})

test('Offline: of two issuers, the one whose keys have to be fetched is unavailable, and the other works', async () => {
  const forge = await createForge()
  const remote = { issuer: 'https://remote.example.test', jwksUri: 'https://remote.example.test/jwks' }
  const verifier = forge.verifierWith({ issuer: [forge.trust, remote], fetch: globalThis.fetch })
  onTestFinished(() => verifier.close())
  expect(await forge.code({ verifier })).toBe('admitted')
  expect(attempts).toEqual([])
  expect(outcomeOf(await forge.call({ verifier, token: forge.token({ iss: remote.issuer }) }))).toBe('keys_unavailable')
  expect(attempts).toEqual(['fetch'])
  expect(await forge.code({ verifier })).toBe('admitted')
})

test('Offline: the stand-ins see a name that is looked up and a connection that is opened', async () => {
  expect(() => dns.lookup('as.example.test', () => {})).toThrow()
  expect(() => net.connect(9, '127.0.0.1')).toThrow()
  expect(attempts).toEqual(['lookup', 'connect'])
})
