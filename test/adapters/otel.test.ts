import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as api from '@opentelemetry/api'
import { type AuditEvent, OptionsError, type Verifier, type VerifierOptions } from 'onbehalf'
import { type OpenTelemetryOptions, openTelemetrySink } from 'onbehalf/otel'
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { counters, durationBounds, durations, gauges } from '../../src/metrics/figures.ts'
import { memorySink } from '../support/audit.ts'
import { createForge } from '../support/forge.ts'
import { createHome } from '../support/key-home.ts'
import { createKit, issuerUrl, type Kit, resource } from '../support/kit.ts'
import { makeFolder } from '../support/services.ts'
import { startTelemetry, stopTelemetry, type Telemetry } from '../support/telemetry.ts'

const require = createRequire(import.meta.url)
let kit: Kit
let telemetry: Telemetry
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice', scopes: ['read'] } })
})
beforeEach(() => {
  telemetry = startTelemetry()
})
afterEach(stopTelemetry)

function open(options?: OpenTelemetryOptions, more?: Partial<VerifierOptions>): Verifier {
  return kit.verifierWith({ ...more, audit: openTelemetrySink(options) })
}

/** Without those that were set to zero. */
async function counts(): Promise<Readonly<Record<string, number>>> {
  const all = await telemetry.figures()
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0))
}

describe('metrics', () => {
  test('Metrics: the figures of the Prometheus sink, under the labels of the Prometheus sink', async () => {
    const verifier = open()
    const request = await kit.request()
    const context = await verifier.verify(request)
    await verifier.authorize(context, { scopes: ['write'] })
    await verifier.check(request)
    expect(await counts()).toEqual({
      'onbehalf.decisions authentication admitted ': 1,
      'onbehalf.decisions access refused scope_missing': 1,
      'onbehalf.decisions authentication refused proof_replayed': 1,
      'onbehalf.decision authentication': 2,
      'onbehalf.decision access': 1,
      'onbehalf.proofs dpop valid': 1,
      'onbehalf.proofs dpop replayed': 1,
      [`onbehalf.replays ${issuerUrl}`]: 1,
      'onbehalf.actors agent delegated': 2,
    })
  })

  test('Metrics: an exporter to Prometheus makes the names of the Prometheus sink', async () => {
    const sink = openTelemetrySink()
    sink.watch(kit.verifierWith())
    await kit.verifierWith({ audit: sink }).check(await kit.request())
    sink.write({ ...(await anEvent()), wouldRefuse: ['binding_missing'] })
    const instruments = await telemetry.instruments()
    const exported = instruments.map(({ name, unit, isCounter }) => {
      const seconds = unit === 's' ? '_seconds' : ''
      return `${name.replaceAll('.', '_')}${seconds}${isCounter ? '_total' : ''}`
    })
    const named = [...Object.values(counters), durations, ...Object.values(gauges)].map(({ name }) => name)
    // Nothing is resolved, no key is passed over, and static keys have no age.
    const absent = [gauges.resolvedIssuers, gauges.passedOver, gauges.keyAge].map(({ name }) => name)
    expect(exported.sort()).toEqual(named.filter((name) => !absent.includes(name)).sort())
    expect(instruments.find(({ name }) => name === 'onbehalf.decision')?.bounds).toEqual(durationBounds)
  })

  test('Metrics: watch shows the health of a verifier, whose issuers start at zero', async () => {
    const home = await createHome()
    const sink = openTelemetrySink()
    const verifier = home.open({}, { audit: sink })
    const stop = sink.watch(verifier)
    await verifier.ready()
    expect(await telemetry.figures()).toMatchObject({
      [`onbehalf.replays ${issuerUrl}`]: 0,
      [`onbehalf.unbound ${issuerUrl}`]: 0,
      [`onbehalf.issuer_keys ${resource} ${issuerUrl}`]: 1,
      [`onbehalf.replay_ready ${resource} memory`]: 1,
      [`onbehalf.audit_events ${resource} dropped`]: 0,
      [`onbehalf.observed_requests ${resource} skipped`]: 0,
    })
    expect(() => sink.watch(home.open())).toThrow(OptionsError)
    stop()
    sink.watch(home.open())
  })

  test('Metrics: made-up codes and issuers have 1 000 series, and the rest are counted together', async () => {
    const sink = openTelemetrySink()
    const event = await anEvent()
    for (let count = 0; count < 5_000; count++) {
      sink.write({ ...event, issuerLabel: `https://${count}.example`, code: `code-${count}` as 'token_claim' })
    }
    const names = Object.keys(await telemetry.figures())
    for (const figure of ['decisions', 'unbound']) {
      expect(names.filter((name) => name.startsWith(`onbehalf.${figure} `))).toHaveLength(1_001)
    }
  })

  test('Metrics: an SDK that starts after the sink gets what is counted from then on', async () => {
    stopTelemetry()
    const sink = openTelemetrySink()
    const verifier = kit.verifierWith({ audit: sink })
    sink.watch(verifier)
    await verifier.check(await kit.request())
    telemetry = startTelemetry()
    await verifier.check(await kit.request())
    expect(await telemetry.figures()).toMatchObject({
      'onbehalf.decisions authentication admitted ': 1,
      [`onbehalf.replays ${issuerUrl}`]: 0,
      [`onbehalf.issuer_keys ${resource} ${issuerUrl}`]: 1,
    })
  })
})

describe('the span that is active at the decision', () => {
  test('Metrics: says who acted and what was decided, and no user', async () => {
    const verifier = open()
    const request = await kit.request()
    const attributes = await telemetry.attributesOf(() => verifier.check(request))
    expect(attributes).toEqual({
      'onbehalf.phase': 'authentication',
      'onbehalf.decision': 'admitted',
      'onbehalf.code': '',
      'onbehalf.request_id': expect.any(String),
      'onbehalf.proof.result': 'valid',
      'onbehalf.token_id': expect.any(String),
      'onbehalf.issuer': issuerUrl,
      'onbehalf.sender.method': 'dpop',
      'onbehalf.principal.kind': 'human',
      'onbehalf.actor.kind': 'agent',
      'onbehalf.authority': 'delegated',
      'onbehalf.involves_agent': true,
      'onbehalf.delegation.depth': expect.any(Number),
      'gen_ai.agent.id': 'travel-7',
    })
  })

  test('Metrics: the latest decision of the request stands there', async () => {
    const verifier = open()
    const request = await kit.request()
    const attributes = await telemetry.attributesOf(async () => {
      const context = await verifier.verify(request)
      await verifier.authorize(context, { scopes: ['write'] }, request)
    })
    expect(attributes).toMatchObject({
      'onbehalf.phase': 'access',
      'onbehalf.decision': 'refused',
      'onbehalf.code': 'scope_missing',
      'onbehalf.rule': 'scopes',
    })
  })

  test('Metrics: what would be refused', async () => {
    const sink = openTelemetrySink()
    const event = await anEvent()
    const attributes = await telemetry.attributesOf(() =>
      sink.write({ ...event, decision: 'observed', wouldRefuse: ['token_lifetime', 'binding_missing'] }),
    )
    expect(attributes).toMatchObject({
      'onbehalf.decision': 'observed',
      'onbehalf.would_refuse': ['token_lifetime', 'binding_missing'],
    })
  })

  test.each([
    ['a human', { principal: { kind: 'human' } }, 'alice'],
    ['a principal of unknown kind', { principal: { kind: 'unknown' } }, 'alice'],
    ['an agent', { principal: { kind: 'agent' } }, undefined],
    ['a service', { principal: { kind: 'service' } }, undefined],
    ['a client of unknown kind', { principal: { kind: 'unknown' }, client: 'alice' }, undefined],
  ] as const)('Metrics: with userId, user.id of %s', async (_who, { principal, ...more }, expected) => {
    const sink = openTelemetrySink({ userId: true })
    const event = await anEvent()
    const changed = { ...event, ...more, principal: { ...event.principal, ...principal } }
    const attributes = await telemetry.attributesOf(() => sink.write(changed as AuditEvent))
    expect(attributes['user.id']).toBe(expected)
  })

  test('Metrics: before the signature holds, nothing of the token', async () => {
    const forge = await createForge()
    const verifier = forge.verifierWith({ audit: openTelemetrySink({ userId: true }) })
    const claims = { iss: 'https://hostile.example', sub: 'hostile', client_id: 'hostile' }
    const signed = forge.token({ sub: 'hostile', client_id: 'hostile', jti: 'hostile' })
    for (const token of [forge.token(claims), `${signed.slice(0, -8)}AAAAAAAA`]) {
      const request = await forge.request({ token })
      const attributes = await telemetry.attributesOf(() => verifier.check(request))
      expect(Object.keys(attributes).sort()).toEqual([
        'onbehalf.code',
        'onbehalf.decision',
        'onbehalf.phase',
        'onbehalf.proof.result',
        'onbehalf.request_id',
        'onbehalf.token_id',
      ])
      expect(JSON.stringify([attributes, await telemetry.figures()])).not.toContain('hostile')
    }
  })

  test.each([
    ['a fetch of keys', {}, 'never'],
    ['a thread', { keys: true }, 'always'],
  ] as const)(
    'Metrics: requests that share %s describe their own span',
    async (_what, { keys }: { keys?: true }, offload) => {
      const home = await createHome()
      const agents = await Promise.all([1, 2, 3].map((name) => home.issuer.agent(`agent-${name}`)))
      const verifier = home.open({}, { dpop: { offload }, audit: openTelemetrySink() })
      if (keys) await verifier.ready()
      const subjects = await Promise.all(
        agents.map(async (agent) => {
          const token = await home.issuer.token({ agent })
          const request = await kit.request({ token, prover: agent })
          let attributes: Readonly<Record<string, unknown>> = {}
          await api.trace.getTracer('test').startActiveSpan(agent.subject, async (span) => {
            await verifier.verify(request)
            attributes = (span as unknown as { attributes: typeof attributes }).attributes
            span.end()
          })
          return attributes['gen_ai.agent.id']
        }),
      )
      expect(subjects).toEqual(['agent-1', 'agent-2', 'agent-3'])
    },
  )

  test('Metrics: without a span, and after its end, nothing is described', async () => {
    const verifier = open()
    const request = await kit.request()
    const errors = vi.fn()
    api.diag.setLogger({ debug() {}, error: errors, info() {}, verbose() {}, warn: errors })
    onTestFinished(() => api.diag.disable())
    await verifier.check(request)
    let ended: Readonly<Record<string, unknown>> = {}
    await api.trace.getTracer('test').startActiveSpan('request', async (span) => {
      span.end()
      await verifier.check(request)
      ended = (span as unknown as { attributes: typeof ended }).attributes
    })
    expect(ended).toEqual({})
    expect(errors).not.toHaveBeenCalled()
  })
})

describe('the API', () => {
  test('Metrics: two copies of one version are one', async () => {
    const copy = copyOfApi()
    expect(copy.trace).not.toBe(api.trace)
    const verifier = open({ api: copy })
    const request = await kit.request()
    const attributes = await telemetry.attributesOf(() => verifier.check(request))
    expect(attributes['gen_ai.agent.id']).toBe('travel-7')
    expect(await counts()).toMatchObject({ 'onbehalf.decisions authentication admitted ': 1 })
  })

  test('Metrics: where the SDK uses an older copy, one warning says so, and giving that copy cures it', async () => {
    stopTelemetry()
    const older = require('opentelemetry-api-1-3') as typeof api
    telemetry = startTelemetry(older)
    onTestFinished(() => older.context.disable())
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const request = await kit.request()
    for (const verifier of [open(), open()]) {
      expect(await telemetry.attributesOf(() => verifier.check(request))).toEqual({})
    }
    const codes = warn.mock.calls.map(([, options]) => (options as { code?: string } | undefined)?.code)
    expect(codes.filter((code) => code === 'ONBEHALF_OTEL')).toHaveLength(1)
    const cured = open({ api: older })
    const attributes = await telemetry.attributesOf(async () => cured.check(await kit.request()))
    expect(attributes['gen_ai.agent.id']).toBe('travel-7')
    expect(await counts()).toMatchObject({ 'onbehalf.decisions authentication admitted ': 1 })
  })

  test('Options: a wrong option, and an API without metrics', () => {
    const wrong = [
      { api: require('opentelemetry-api-1-0') },
      { api: {} },
      { api: 1 },
      { userId: 1 },
      { userID: true },
      null,
    ]
    for (const options of wrong) {
      expect(() => openTelemetrySink(options as OpenTelemetryOptions)).toThrow(OptionsError)
    }
  })

  test('Metrics: without an SDK it changes nothing', async () => {
    stopTelemetry()
    const verifier = open()
    expect(await verifier.check(await kit.request())).toMatchObject({ ok: true })
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 0, pending: 0 })
  })

  test('Metrics: a record of dropped events counts as no decision', async () => {
    openTelemetrySink().write({ version: 1, id: '1', time: 0, dropped: 7 })
    expect(await counts()).toEqual({})
  })
})

/** Another module instance of the same version, as a second installation of it would be. */
function copyOfApi(): typeof api {
  const folder = makeFolder('otel')
  onTestFinished(folder.remove)
  const path = join(folder.path, 'api')
  cpSync(join(require.resolve('@opentelemetry/api'), '../../..'), path, { recursive: true, dereference: true })
  return require(path)
}

async function anEvent(): Promise<AuditEvent> {
  const audit = memorySink()
  await kit.verifierWith({ audit }).check(await kit.request())
  return audit.events[0] as AuditEvent
}
