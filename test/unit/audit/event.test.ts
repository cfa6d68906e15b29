import { channel } from 'node:diagnostics_channel'
import type { AuditEvent, Refusal } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { memorySink } from '../../support/audit.ts'
import { createKit, type Kit, resource, url } from '../../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

describe('one event per decision', () => {
  test('AUD-06: each request leaves exactly one authentication event, whatever its end', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink, access: { scopes: ['a'] } })
    const good = await kit.request({ token: { scopes: ['a'] } })
    const views = [
      good,
      good,
      await kit.request(),
      requestView({ url }),
      requestView({ url, headers: { authorization: 'DPoP x' } }),
      requestView({ url, headers: { authorization: ['DPoP x', 'DPoP y'] } }),
      await kit.request({ token: { bind: 'none' } }),
      await kit.request({ token: { claims: { act: 'x' } } }),
    ]
    for (const view of views) await verifier.check(view)
    expect(sink.events.map(({ phase }) => phase)).toEqual(views.map(() => 'authentication'))
    expect(sink.events.map(({ code }) => code)).toEqual([
      null,
      'proof_replayed',
      'scope_missing',
      'credentials_missing',
      'token_malformed',
      'request_malformed',
      'binding_missing',
      'delegation_malformed',
    ])
    expect(new Set(sink.events.map(({ id }) => id)).size).toBe(views.length)
    expect(new Set(sink.events.map(({ requestId }) => requestId)).size).toBe(views.length)
  })

  test('AUD-06: each evaluation of a requirement leaves one access event with the requestId of its request', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const view = await kit.request({ token: { human: 'alice', scopes: ['a'] } })
    const context = await verifier.verify(view)
    await verifier.authorize(context, { scopes: ['a'] }, view)
    await verifier.authorize(context, { scopes: ['b', 'a'] }, view)
    expect(sink.events).toMatchObject([
      { phase: 'authentication', decision: 'admitted', code: null, scopesRequired: [] },
      { phase: 'access', decision: 'admitted', code: null, scopesRequired: ['a'] },
      { phase: 'access', decision: 'refused', code: 'scope_missing', scopesRequired: ['b', 'a'], scopesGranted: ['a'] },
    ])
    expect(new Set(sink.events.map(({ requestId }) => requestId)).size).toBe(1)
    expect(new Set(sink.events.map(({ id }) => id)).size).toBe(3)
  })

  test('AUD-06: two requests of one token have two requestIds', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const token = await kit.issuer.token({ agent: kit.agent })
    for (const view of [await kit.request({ token }), await kit.request({ token })]) {
      await verifier.authorize(await verifier.verify(view), {}, view)
    }
    const ids = sink.events.map(({ requestId }) => requestId)
    expect([ids[0] === ids[1], ids[2] === ids[3], ids[0] === ids[2]]).toEqual([true, true, false])
  })

  test('AUD-01: the event names the parties, the decision, the time and how the sender was proven', async () => {
    const sink = memorySink()
    const planner = await kit.issuer.agent('planner-2')
    const verifier = kit.verifierWith({ audit: sink })
    const context = await verifier.verify(
      await kit.request({ token: { human: 'alice', via: [planner], scopes: ['a'] } }),
    )
    const [event] = sink.events
    expect(event).toEqual({
      version: 1,
      id: `${event?.requestId}-1`,
      requestId: expect.stringMatching(/^[\w-]{20,}$/),
      traceId: null,
      correlationId: null,
      time: kit.issuer.clock.now(),
      durationMicros: 0,
      phase: 'authentication',
      decision: 'admitted',
      code: null,
      status: null,
      request: { method: 'GET', path: '/tools', route: null, operation: null, address: null },
      rule: null,
      wouldRefuse: [],
      issuer: kit.issuer.issuer,
      issuerLabel: kit.issuer.issuer,
      principal: context.principal,
      actor: context.actor,
      chain: context.delegation?.chain,
      authority: 'delegated',
      involvesAgent: true,
      client: 'travel-7',
      kinds: ['human', 'agent'],
      scopesRequired: [],
      scopesGranted: ['a'],
      sender: { method: 'dpop', thumbprint: kit.agent.jkt },
      proof: { result: 'valid', iatOffset: 0, replayed: false },
      tokenId: context.token.id,
      tokenLifetimeSeconds: 300,
      relaxations: [],
      warnings: context.warnings,
    })
    expect(JSON.parse(JSON.stringify(event))).toMatchObject({
      chain: [{ subject: 'travel-7' }, { subject: 'planner-2' }],
    })
  })

  test('AUD-06: the proof’s result, its offset and a replay are told apart', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const view = await kit.request()
    await verifier.check(view)
    kit.issuer.clock.advance(3)
    await verifier.check(view)
    kit.issuer.clock.advance(60)
    await verifier.check(view)
    const certified = await kit.issuer.agent('certified', { certificate: true })
    const headers = await certified.headers('GET', url, await kit.issuer.token({ agent: certified }))
    await verifier.check(requestView({ url, headers, certificate: certified.certificate?.der }))
    expect(sink.events.map(({ proof }) => proof)).toEqual([
      { result: 'valid', iatOffset: 0, replayed: false },
      { result: 'replayed', iatOffset: -3, replayed: true },
      { result: 'refused', iatOffset: -63, replayed: null },
      { result: 'valid', iatOffset: null, replayed: null },
    ])
    expect(sink.events.map(({ sender }) => sender.method)).toEqual(['dpop', 'dpop', 'dpop', 'mtls'])
    expect(sink.events.map(({ sender }) => sender.thumbprint !== null)).toEqual([true, false, false, true])
  })

  test('AUD-06: a relaxation that let a token in is named, by its place', async () => {
    const sink = memorySink()
    const issuer = { ...kit.issuer.options, dangerously: { allowUnbound: true as const } }
    const verifier = kit.verifierWith({ audit: sink, issuer: [issuer] })
    const token = await kit.issuer.token({ agent: kit.agent, bind: 'none' })
    await verifier.check(requestView({ url, headers: { authorization: `Bearer ${token}` } }))
    await verifier.check(await kit.request())
    expect(sink.events.map(({ relaxations }) => relaxations)).toEqual([['issuer[0].dangerously.allowUnbound'], []])
  })
})

describe('what an event may hold', () => {
  const markers = { sub: 'm-sub', client_id: 'm-client', jti: 'm-jti', scope: 'm-scope', aud: 'm-aud', acr: 'm-acr' }
  const claims = { ...markers, act: { sub: 'm-act' }, authorization_details: [{ type: 'm-type' }], other: 'm-other' }

  async function eventOf(token: string): Promise<AuditEvent> {
    const sink = memorySink()
    await kit.verifierWith({ audit: sink }).check(await kit.request({ token }))
    const [event] = sink.events
    if (event === undefined) throw new Error('an event')
    return event
  }

  const isGone = (event: AuditEvent, words: readonly string[]) => {
    const text = JSON.stringify(event)
    for (const word of words) expect(text).not.toContain(word)
  }

  const nobody = {
    issuer: null,
    issuerLabel: '',
    principal: null,
    actor: null,
    chain: [],
    authority: null,
    involvesAgent: false,
    client: null,
    kinds: null,
    scopesGranted: [],
    sender: { method: null, thumbprint: null },
    proof: { result: 'none', iatOffset: null, replayed: null },
    tokenLifetimeSeconds: null,
    warnings: [],
  }

  test('Audit: until the signature holds there is the token’s hash, the code and no claim', async () => {
    const foreign = await createKit({ token: { human: 'alice' } })
    const forged = await foreign.issuer.token({ agent: kit.agent, claims, header: kidOf(kit) })
    const expired = await kit.issuer.token({ agent: kit.agent, claims: { ...claims, exp: 1 } })
    const unknown = await kit.issuer.token({ agent: kit.agent, claims, header: { kid: 'other' } })
    const typed = await kit.issuer.token({ agent: kit.agent, claims, header: { typ: 'JWT' } })
    const codes: unknown[] = []
    for (const token of [forged, expired, unknown, typed]) {
      const event = await eventOf(token)
      codes.push(event.code)
      expect(event).toMatchObject({ ...nobody, decision: 'refused' })
      expect(event.tokenId).toMatch(/^t:[\w-]{43}$/)
      // The hash of a token may hold these two characters by chance.
      isGone({ ...event, tokenId: null }, ['m-'])
      isGone(event, token.split('.'))
    }
    expect(codes).toEqual(['token_signature', 'token_expired', 'token_key_unknown', 'token_type'])
  })

  test('Audit: an issuer that is not trusted does not write its name into the event', async () => {
    const event = await eventOf(await kit.issuer.token({ agent: kit.agent, claims: { iss: 'https://m-iss.test' } }))
    expect(event).toMatchObject({ ...nobody, code: 'token_issuer' })
    isGone(event, ['m-iss'])
  })

  test('AUD-02: no segment of token or proof is in any event', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const views = [
      await kit.request(),
      await kit.request({ token: { scopes: ['a'] } }),
      await kit.request({ token: { bind: 'none' } }),
    ]
    for (const view of views) {
      const verdict = await verifier.check(view)
      if (verdict.ok) await verifier.authorize(verdict.context, { scopes: ['a'] }, view)
      await verifier.check(view)
    }
    expect(sink.events.length).toBe(8)
    const text = JSON.stringify(sink.events)
    for (const view of views) {
      const fields = [...view.header('authorization'), ...view.header('dpop')]
      for (const segment of fields.flatMap((field) => field.split(/[ .]/)).filter((part) => part.length > 6)) {
        expect(text).not.toContain(segment)
      }
    }
  })

  test('AUD-02: a token that is none is hashed like any other', async () => {
    const event = await eventOf('not-a-token-at-all')
    expect(event).toMatchObject({ ...nobody, code: 'token_malformed' })
    isGone(event, ['not-a-token'])
  })

  test('Audit: without credentials there is nothing to hash', async () => {
    const sink = memorySink()
    await kit.verifierWith({ audit: sink }).check(requestView({ url }))
    expect(sink.events).toMatchObject([{ ...nobody, tokenId: null, code: 'credentials_missing' }])
  })

  test('Audit: the facts tell the operator what was expected', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const token = await kit.issuer.token({ agent: kit.agent })
    const headers = await kit.agent.headers('GET', `${resource}/other`, token)
    await verifier.check(requestView({ url, headers }))
    expect(sink.events[0]?.facts).toEqual({
      expectedTarget: url,
      receivedTarget: `${resource}/other`,
      hint: 'publicUrl',
    })
  })
})

function kidOf({ issuer }: Kit): { kid: string } {
  return { kid: issuer.jwks.keys[0]?.kid ?? '' }
}

describe('diagnostics_channel', () => {
  interface Message {
    readonly refusal: Refusal
    readonly event: AuditEvent
  }

  function listen(): Message[] {
    const heard: Message[] = []
    const take = (message: unknown) => void heard.push(message as Message)
    const refusals = channel('onbehalf:refusal')
    refusals.subscribe(take)
    onTestFinished(() => void refusals.unsubscribe(take))
    return heard
  }

  test('Audit: every refusal is published with its event, and no admission', async () => {
    const heard = listen()
    const verifier = kit.verifierWith()
    const view = await kit.request()
    await verifier.check(view)
    expect(heard).toEqual([])
    const verdict = await verifier.check(view)
    expect(heard).toHaveLength(1)
    expect(heard[0]?.event).toMatchObject({ code: 'proof_replayed', phase: 'authentication' })
    expect(heard[0]?.refusal).toEqual(verdict.ok ? undefined : verdict.refusal)
  })

  test('Audit: an access refusal is published with the method and proof of its request, also without a sink', async () => {
    const heard = listen()
    const verifier = kit.verifierWith()
    const view = await kit.request()
    const context = await verifier.verify(view)
    await verifier.authorize(context, { scopes: ['a'] }, view)
    await verifier.authorize(context, { scopes: ['b'] }, view)
    expect(heard.map(({ event }) => event)).toMatchObject([
      { code: 'scope_missing', phase: 'access', request: { method: 'GET' }, proof: { result: 'valid' } },
      { code: 'scope_missing', phase: 'access', request: { method: 'GET' }, proof: { result: 'valid' } },
    ])
    expect(heard[0]?.event.requestId).toBe(heard[1]?.event.requestId)
  })

  test('Audit: the event published is the one the sink gets', async () => {
    const heard = listen()
    const sink = memorySink()
    await kit.verifierWith({ audit: sink }).check(requestView({ url }))
    expect(heard.map(({ event }) => event)).toEqual(sink.events)
  })

  test('Audit: a refusal because the record failed is published as well', async () => {
    const heard = listen()
    const sink = {
      write() {
        throw new Error('in the sink')
      },
    }
    const verdict = await kit.verifierWith({ audit: { sink, required: true } }).check(await kit.request())
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'audit_unavailable' } })
    expect(heard.map(({ refusal }) => refusal.code)).toContain('audit_unavailable')
  })
})
