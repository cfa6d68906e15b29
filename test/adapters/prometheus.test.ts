import type { AuditEvent, Verifier } from 'onbehalf'
import { OptionsError } from 'onbehalf'
import { type PrometheusSink, prometheusSink } from 'onbehalf/prometheus'
import { AggregatorRegistry, Counter, Registry } from 'prom-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { memorySink } from '../support/audit.ts'
import { createForge } from '../support/forge.ts'
import { createHome } from '../support/key-home.ts'
import { createKit, issuerUrl, type Kit, resource } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice', scopes: ['read'] } })
})

function open(): { readonly registry: Registry; readonly sink: PrometheusSink; readonly verifier: Verifier } {
  const registry = new Registry()
  const sink = prometheusSink(registry)
  return { registry, sink, verifier: kit.verifierWith({ audit: sink }) }
}

/** Lines of the exported text that are no comments, without those of zero. */
async function linesOf(registry: Pick<Registry, 'metrics'>, name = 'onbehalf_'): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n')
  return lines.filter((line) => line.startsWith(name) && !line.endsWith(' 0'))
}

const counts = async (registry: Registry) =>
  (await linesOf(registry)).filter((line) => !line.startsWith('onbehalf_decision_seconds')).sort()

describe('what is counted', () => {
  test('Metrics: an admission and its access, a refused access', async () => {
    const { registry, verifier } = open()
    const context = await verifier.verify(await kit.request())
    await verifier.authorize(context, { scopes: ['read'] })
    await verifier.authorize(context, { scopes: ['write'] })
    expect(await counts(registry)).toEqual([
      'onbehalf_actors_total{kind="agent",authority="delegated"} 1',
      'onbehalf_decisions_total{phase="access",decision="admitted",code=""} 1',
      'onbehalf_decisions_total{phase="access",decision="refused",code="scope_missing"} 1',
      'onbehalf_decisions_total{phase="authentication",decision="admitted",code=""} 1',
      'onbehalf_proofs_total{sender="dpop",result="valid"} 1',
    ])
    const seconds = await linesOf(registry, 'onbehalf_decision_seconds_count')
    expect(seconds.sort()).toEqual([
      'onbehalf_decision_seconds_count{phase="access"} 2',
      'onbehalf_decision_seconds_count{phase="authentication"} 1',
    ])
  })

  test('Metrics: a replay, by the configured issuer', async () => {
    const { registry, verifier } = open()
    const request = await kit.request()
    for (let use = 0; use < 3; use++) await verifier.check(request)
    expect(await counts(registry)).toEqual(
      expect.arrayContaining([
        'onbehalf_decisions_total{phase="authentication",decision="refused",code="proof_replayed"} 2',
        'onbehalf_proofs_total{sender="dpop",result="replayed"} 2',
        `onbehalf_replays_total{issuer="${issuerUrl}"} 2`,
      ]),
    )
  })

  test('Metrics: a request that is answered with a nonce is no failed proof', async () => {
    const registry = new Registry()
    const nonce = { secret: 'a secret of more than thirty-two bytes' }
    const verifier = kit.verifierWith({ dpop: { nonce }, audit: prometheusSink(registry) })
    await verifier.check(await kit.request())
    await verifier.check(await kit.request({ proof: { nonce: 'of another server' } }))
    expect(await linesOf(registry, 'onbehalf_proofs_total')).toEqual([
      'onbehalf_proofs_total{sender="dpop",result="none"} 2',
    ])
  })

  test('Metrics: an unbound token, refused and admitted', async () => {
    const registry = new Registry()
    const audit = prometheusSink(registry)
    const lenient = kit.verifierTrusting({ dangerously: { allowUnbound: true } }, { audit })
    const call = { token: { bind: 'none' as const }, scheme: 'Bearer', proof: null }
    await lenient.check(await kit.request(call))
    await kit.verifierWith({ audit }).check(await kit.request(call))
    expect(await counts(registry)).toEqual(
      expect.arrayContaining([
        'onbehalf_proofs_total{sender="none",result="none"} 2',
        `onbehalf_unbound_total{issuer="${issuerUrl}"} 2`,
      ]),
    )
  })

  test('Metrics: what would be refused, by code, in either phase', async () => {
    const [event] = await eventsOf({})
    const { registry, sink } = open()
    sink.write({ ...event, decision: 'observed', wouldRefuse: ['token_lifetime', 'proof_replayed'] } as AuditEvent)
    sink.write({ ...event, phase: 'access', wouldRefuse: ['token_lifetime'] } as AuditEvent)
    expect(await linesOf(registry, 'onbehalf_would_refuse_total')).toEqual([
      'onbehalf_would_refuse_total{code="token_lifetime"} 2',
      'onbehalf_would_refuse_total{code="proof_replayed"} 1',
    ])
    expect(await linesOf(registry, 'onbehalf_replays_total')).toEqual([
      `onbehalf_replays_total{issuer="${issuerUrl}"} 1`,
    ])
    expect(await linesOf(registry, 'onbehalf_decisions_total{phase="authentication"')).toEqual([
      'onbehalf_decisions_total{phase="authentication",decision="observed",code=""} 1',
    ])
  })

  test('Metrics: a record of dropped events counts as no decision', async () => {
    const { registry, sink } = open()
    sink.write({ version: 1, id: '1', time: 0, dropped: 7 })
    expect(await linesOf(registry)).toEqual([])
  })

  test('Metrics: the buckets hold the durations up to their bound', async () => {
    const [event] = await eventsOf({})
    const { registry, sink } = open()
    for (const durationMicros of [50, 100, 101, 9_000_000]) sink.write({ ...event, durationMicros } as AuditEvent)
    const lines = await linesOf(registry, 'onbehalf_decision_seconds')
    expect(lines.slice(0, 2)).toEqual([
      'onbehalf_decision_seconds_bucket{le="0.0001",phase="authentication"} 2',
      'onbehalf_decision_seconds_bucket{le="0.00025",phase="authentication"} 3',
    ])
    expect(lines.slice(-4)).toEqual([
      'onbehalf_decision_seconds_bucket{le="5",phase="authentication"} 3',
      'onbehalf_decision_seconds_bucket{le="+Inf",phase="authentication"} 4',
      `onbehalf_decision_seconds_sum{phase="authentication"} ${(50 + 100 + 101 + 9_000_000) / 1e6}`,
      'onbehalf_decision_seconds_count{phase="authentication"} 4',
    ])
  })
})

describe('labels', () => {
  test('Metrics: before the signature holds, no label has anything of the token', async () => {
    const forge = await createForge()
    const registry = new Registry()
    const verifier = forge.verifierWith({ audit: prometheusSink(registry) })
    const claims = { iss: 'https://hostile.example', sub: 'hostile', client_id: 'hostile' }
    const header = { kid: 'hostile', typ: 'hostile' }
    for (const token of [forge.token(claims), forge.token({}, header), `${forge.token({}).slice(0, -8)}AAAAAAAA`]) {
      expect(await verifier.check(await forge.request({ token }))).toMatchObject({ ok: false })
    }
    const text = await registry.metrics()
    expect(text).not.toContain('hostile')
    expect(await counts(registry)).toEqual([
      'onbehalf_decisions_total{phase="authentication",decision="refused",code="token_issuer"} 1',
      'onbehalf_decisions_total{phase="authentication",decision="refused",code="token_signature"} 1',
      'onbehalf_decisions_total{phase="authentication",decision="refused",code="token_type"} 1',
      'onbehalf_proofs_total{sender="",result="none"} 3',
    ])
  })

  test('Metrics: after a million subjects, paths, clients and proofs there are as many series as after one', async () => {
    const [event] = await eventsOf({})
    const { registry, sink } = open()
    const caller = { subject: '', path: '', address: '', thumbprint: '', method: 'dpop' }
    const record = { ...event, principal: caller, actor: caller, request: caller, sender: caller }
    const write = (name: string) => {
      Object.assign(record, { issuer: name, client: name, tokenId: name })
      Object.assign(caller, { subject: name, path: name, address: name, thumbprint: name })
      sink.write(record as unknown as AuditEvent)
    }
    write('first')
    const before = (await registry.metrics()).split('\n').length
    for (let count = 0; count < 1_000_000; count++) write(`name-${count}`)
    expect((await registry.metrics()).split('\n').length).toBe(before)
  }, 60_000)

  test('Metrics: even of made-up codes and issuers there are 1 000 series, and the rest are counted together', async () => {
    const [event] = await eventsOf({})
    const { registry, sink } = open()
    const record = { ...event, wouldRefuse: [''] }
    for (let count = 0; count < 1_000_000; count++) {
      const name = `name-${count}`
      Object.assign(record, { code: name, issuerLabel: name })
      record.wouldRefuse[0] = name
      sink.write(record as unknown as AuditEvent)
    }
    for (const name of ['decisions', 'replays', 'would_refuse']) {
      const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(`onbehalf_${name}_total{`))
      expect(lines).toHaveLength(1_001)
    }
    expect(await linesOf(registry, 'onbehalf_would_refuse_total{code="other"}')).toEqual([
      'onbehalf_would_refuse_total{code="other"} 999000',
    ])
  }, 60_000)

  test('Metrics: what is beyond the bound and what comes of resolvers are one series, since Prometheus takes none twice', async () => {
    const [event] = await eventsOf({})
    const { registry, sink } = open()
    const write = (issuerLabel: string) => sink.write({ ...event, issuerLabel } as AuditEvent)
    write('other')
    for (let count = 0; count < 1_010; count++) write(`https://as-${count}.example`)
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('onbehalf_replays_total{'))
    const series = lines.map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(new Set(series).size).toBe(series.length)
  })
})

describe('the registry', () => {
  test('Options: one that is missing, no registry, or has a sink already', () => {
    const registry = new Registry()
    prometheusSink(registry)
    for (const wrong of [undefined, null, {}, registry]) {
      expect(() => prometheusSink(wrong as Registry)).toThrow(OptionsError)
    }
    const taken = new Registry()
    new Counter({ name: 'onbehalf_unbound_total', help: 'Another.', registers: [taken] })
    expect(() => prometheusSink(taken)).toThrow(OptionsError)
    expect(taken.getMetricsAsArray()).toHaveLength(1)
  })

  test('Metrics: default labels, OpenMetrics and a reset do what they do to its own metrics', async () => {
    const { registry, verifier } = open()
    registry.setDefaultLabels({ app: 'api' })
    const request = await kit.request()
    await verifier.check(request)
    expect(await linesOf(registry, 'onbehalf_actors_total')).toEqual([
      'onbehalf_actors_total{kind="agent",authority="delegated",app="api"} 1',
    ])
    ;(registry as Registry<never>).setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
    const text = await registry.metrics()
    expect(text).toContain('# TYPE onbehalf_actors counter\nonbehalf_actors_total{')
    expect(text).toContain('# TYPE onbehalf_decision_seconds histogram\nonbehalf_decision_seconds_bucket{')
    registry.resetMetrics()
    expect(await linesOf(registry)).toEqual([])
    await verifier.check(request)
    expect(await linesOf(registry, 'onbehalf_replays')).toEqual([
      `onbehalf_replays_total{issuer="${issuerUrl}",app="api"} 1`,
    ])
  })

  test('Metrics: figures of cluster workers are put together', async () => {
    const parts = await Promise.all(
      [1, 2].map(async () => {
        const { registry, sink, verifier } = open()
        sink.watch(verifier)
        await verifier.check(await kit.request())
        return registry.getMetricsAsJSON()
      }),
    )
    const all = AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(parts)))
    const lines = await linesOf(all as unknown as Registry)
    expect(lines).toEqual(
      expect.arrayContaining([
        'onbehalf_actors_total{kind="agent",authority="delegated"} 2',
        'onbehalf_decision_seconds_count{phase="authentication"} 2',
        `onbehalf_issuer_keys{resource="${resource}",issuer="${issuerUrl}"} 1`,
        `onbehalf_replay_entries{resource="${resource}",store="memory"} 2`,
      ]),
    )
  })
})

describe('watch', () => {
  test('Metrics: shows the health of a verifier, whose issuers start at zero', async () => {
    const home = await createHome()
    const registry = new Registry()
    const sink = prometheusSink(registry)
    const verifier = home.open({}, { audit: sink })
    sink.watch(verifier)
    const text = await registry.metrics()
    for (const name of ['replays', 'unbound']) expect(text).toContain(`onbehalf_${name}_total{issuer="${issuerUrl}"} 0`)
    expect(await stateOf(registry)).toMatchObject({
      [`issuer_keys{issuer="${issuerUrl}"}`]: 0,
      'replay_ready{store="memory"}': 1,
      'replay_entries{store="memory"}': 0,
      'cache_entries{cache="tokens"}': 0,
      'audit_events{state="dropped"}': 0,
      'audit_events{state="failed"}': 0,
      'audit_events{state="pending"}': 0,
      'observed_requests{state="skipped"}': 0,
      'observed_requests{state="pending"}': 0,
    })
    await verifier.ready()
    home.clock.advance(601)
    expect(await stateOf(registry)).toMatchObject({
      [`issuer_keys{issuer="${issuerUrl}"}`]: 1,
      [`issuer_keys_age_seconds{issuer="${issuerUrl}"}`]: 601,
      [`issuer_keys_stale{issuer="${issuerUrl}"}`]: 1,
      [`issuer_fetch_failures{issuer="${issuerUrl}"}`]: 0,
    })
    home.network.cut(true)
    await verifier.ready().catch(() => {})
    const { [`issuer_fetch_failures{issuer="${issuerUrl}"}`]: failed } = await stateOf(registry)
    expect(failed).toBeGreaterThan(0)
  })

  test('Metrics: keys that are passed over, by reason; a store that does not answer; resolvers', async () => {
    const registry = new Registry()
    const sink = prometheusSink(registry)
    const jwks = { keys: [...kit.issuer.jwks.keys, { kty: 'oct', k: 'AA' }] }
    const issuer = [
      { ...kit.trust, jwks },
      { max: 10, resolve: () => undefined },
    ]
    const replay = { add: () => 'fresh' as const, health: () => ({ state: 'open' as const }) }
    const verifier = kit.verifierWith({ issuer: issuer as never, dpop: { replay }, audit: sink })
    sink.watch(verifier)
    expect(await registry.metrics()).toContain('onbehalf_replays_total{issuer="other"} 0')
    expect(await stateOf(registry)).toMatchObject({
      [`issuer_keys_passed_over{issuer="${issuerUrl}",reason="private or symmetric"}`]: 1,
      'replay_ready{store="custom"}': 0,
      'resolved_issuers{state="known"}': 0,
      'resolved_issuers{state="unknown"}': 0,
      'resolved_issuers{state="pending"}': 0,
    })
  })

  test('Metrics: one verifier for each resource, until its end', async () => {
    const { registry, sink, verifier } = open()
    const stop = sink.watch(verifier)
    expect(() => sink.watch(kit.verifierWith())).toThrow(OptionsError)
    sink.watch(kit.verifierWith({ resource: 'https://other.example.test' }))
    stop()
    stop()
    sink.watch(kit.verifierWith({ dpop: false }))
    const keys = await linesOf(registry, 'onbehalf_issuer_keys{')
    expect(keys.map((line) => /resource="([^"]*)"/.exec(line)?.[1])).toEqual(['https://other.example.test', resource])
    expect(await linesOf(registry, 'onbehalf_replay_ready')).toHaveLength(1)
  })
})

/** Gauges by name and the labels beside the resource, zeros as well. */
async function stateOf(registry: Registry): Promise<Readonly<Record<string, number>>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.includes(`{resource="${resource}"`))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      const name = line.slice('onbehalf_'.length, at).replace(`resource="${resource}",`, '')
      return [name, Number(line.slice(at + 1))]
    }),
  )
}

async function eventsOf(call: Parameters<Kit['request']>[0]): Promise<readonly AuditEvent[]> {
  const audit = memorySink()
  await kit.verifierWith({ audit }).check(await kit.request(call))
  return audit.events
}
