import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import { type AuditEvent, createVerifier, memoryReplayStore, type VerifierOptions } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { type PrometheusSink, prometheusSink } from 'onbehalf/prometheus'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { counters, durations, gauges } from '../../src/metrics/figures.ts'
import { memorySink } from '../support/audit.ts'
import { createHome, type Home, keysUri } from '../support/key-home.ts'
import { createKit, issuerUrl, type Kit, resource } from '../support/kit.ts'
import { listen } from '../support/servers.ts'
import { describeWithService, freePort, makeFolder, serviceOf, startService, until } from '../support/services.ts'

const folder = join(import.meta.dirname, '../../examples/observability')
const dashboard: Dashboard = JSON.parse(readFileSync(join(folder, 'grafana-dashboard.json'), 'utf8'))
const alerts = readFileSync(join(folder, 'alerts.yml'), 'utf8')
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
const figures = [...Object.values(counters), durations, ...Object.values(gauges)].map(({ name }) => name)

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; query: unknown }[] }
}

interface Panel {
  readonly type: string
  readonly title: string
  readonly description: string
  readonly datasource: unknown
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig: { readonly defaults: { readonly unit: string } }
  readonly targets?: readonly { readonly refId: string; readonly datasource: unknown; readonly expr: string }[]
}

test('DOCS: the dashboard and the alerts name figures that exist, and the dashboard shows each of them', () => {
  const named = (text: string) =>
    [...text.matchAll(/onbehalf_[a-z_]+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''))
  const shown = named(queries.map(({ expr }) => expr).join('\n'))
  expect(new Set(shown)).toEqual(new Set(figures))
  expect(named(alerts).filter((name) => !figures.includes(name))).toEqual([])
})

test('DOCS: every panel and query of the dashboard uses its data source variable', () => {
  const source = { type: 'prometheus', uid: `\${datasource}` }
  expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
  for (const { datasource, targets = [] } of panels) {
    expect(datasource).toEqual(source)
    expect(targets.map((target) => target.datasource)).toEqual(targets.map(() => source))
    expect(targets.map(({ refId }) => refId)).toEqual(['A', 'B', 'C'].slice(0, targets.length))
  }
  const variables = dashboard.templating.list.map(({ name }) => name)
  const used = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
  const known = [...variables, '__rate_interval', '__range']
  expect(used.filter((name) => !known.includes(name))).toEqual([])
})

test.each(panels)('DOCS: the unit of the panel $title is that of its queries', ({ fieldConfig, targets = [] }) => {
  const unitOf = (expr: string): string => {
    if (/histogram_quantile|_seconds_sum|_age_seconds/.test(expr)) return 's'
    if (expr.includes(' / ')) return 'percentunit'
    return expr.includes('rate(') ? 'reqps' : 'none'
  }
  expect(targets.map(({ expr }) => unitOf(expr))).toEqual(targets.map(() => fieldConfig.defaults.unit))
})

test('DOCS: the panels fill 24 columns without lying upon each other', () => {
  const taken = new Set<string>()
  for (const { x, y, w, h } of dashboard.panels.map(({ gridPos }) => gridPos)) {
    expect(x + w).toBeLessThanOrEqual(24)
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        expect(taken.has(`${column} ${line}`)).toBe(false)
        taken.add(`${column} ${line}`)
      }
    }
  }
})

describeWithService('prometheus', 'in Prometheus', () => {
  test('DOCS: every query of the dashboard has an answer, and every alert is silent in peace and fires in trouble', async () => {
    const scene = await createScene()
    const prometheus = await startPrometheus(scene.port)
    for (let count = 0; count < 3; count++) expect(await scene.request()).toBe(200)
    const rules = await prometheus.rules()
    expect(rules.length).toBe([...alerts.matchAll(/- alert:/g)].length)
    await until(async () => (await prometheus.query('sum(increase(onbehalf_decisions_total[5m]))')).length > 0)
    for (const { name, query } of rules) expect([name, await prometheus.query(query)]).toEqual([name, []])

    await scene.trouble()
    const fillIn = (expr: string) =>
      expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '5m').replaceAll('$job', '.*')
    const unanswered = async () => {
      const all = [
        ...queries.map(({ title, expr }) => [title, fillIn(expr)] as const),
        ...rules.map(({ name, query }) => [name, query] as const),
      ]
      const answers = await Promise.all(
        all.map(async ([name, expr]) => ({ name, found: await prometheus.query(expr) })),
      )
      return answers.flatMap(({ name, found }) => (found.some(isNumber) ? [] : [name]))
    }
    await until(async () => (await unanswered()).length === 0).catch(async () => expect(await unanswered()).toEqual([]))
    expect((await prometheus.rules()).map(({ health }) => health)).toEqual(rules.map(() => 'ok'))
  }, 60_000)
})

const isNumber = (value: number) => Number.isFinite(value)

interface Scene {
  /** Where `/metrics` is. */
  readonly port: number
  /** A good request. Returns the status. */
  request(): Promise<number>
  /** Everything that an alert looks for. */
  trouble(): Promise<void>
}

/** A guarded server that exports its figures. */
async function createScene(): Promise<Scene> {
  const home = await createHome()
  const kit = await createKit({ token: { human: 'alice' } })
  home.network.serve(keysUri, () => ({ keys: [...home.issuer.jwks.keys, { kty: 'oct', k: 'AA' }] }))
  const registry = new Registry()
  const sink = prometheusSink(registry)
  const resolver = { max: 10, resolve: () => undefined }
  const trust = { issuer: issuerUrl, dangerously: { allowUnbound: true as const } }
  let isDown = false
  const failing = () => {
    if (isDown) throw new Error('down')
  }
  const verifier = home.open({}, { issuer: [trust, resolver], audit: [sink, failing] })
  await verifier.ready()
  sink.watch(verifier)
  const app = express()
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics())
  })
  app.use(agentAuth(verifier), requireAccess({ actor: { kind: 'agent' } }), (_request, response) => {
    response.json({})
  })
  const port = await listen(app)
  const send = async (headers: Record<string, string>) =>
    (await fetch(`http://127.0.0.1:${port}/tools`, { headers })).status
  const signed = async () => {
    const token = await home.issuer.token({ agent: home.agent, human: 'alice' })
    return home.agent.headers('GET', `${resource}/tools`, token)
  }

  return {
    port,
    request: async () => send(await signed()),
    async trouble() {
      isDown = true
      const captured = await signed()
      for (let use = 0; use < 13; use++) await send(captured)
      const token = await home.issuer.token({ agent: home.agent, human: 'alice', bind: 'none' })
      expect(await send({ authorization: `Bearer ${token}` })).toBe(200)
      await addBrokenVerifiers(kit, sink)
      sink.write({ ...(await anEvent(kit)), decision: 'observed', wouldRefuse: ['binding_missing'] })
      await loseKeys(home, verifier)
    },
  }
}

/** Each with one thing that is wrong, on resources of their own. */
async function addBrokenVerifiers(kit: Kit, sink: PrometheusSink): Promise<void> {
  const open = (name: string, options: Partial<VerifierOptions>) => {
    const { clock } = kit
    const verifier = createVerifier({ issuer: kit.trust, resource: `https://${name}.example.test`, clock, ...options })
    sink.watch(verifier)
    return verifier
  }
  open('keyless', { issuer: 'https://keyless.example.test' })
  const full = memoryReplayStore({ capacity: 1 })
  open('full', { dpop: { replay: full } })
  full.add('A'.repeat(43), 60_000, 'client')
  const add = () => Promise.reject(new Error('down'))
  const down = open('down', {
    audience: resource,
    publicUrl: resource,
    dpop: { replay: { add, health: () => ({ state: 'open' }) } },
    audit: sink,
  })
  expect(await down.check(await kit.request())).toMatchObject({ ok: false, refusal: { code: 'replay_unavailable' } })
}

async function loseKeys(home: Home, verifier: ReturnType<Home['open']>): Promise<void> {
  home.network.cut(true)
  home.clock.advance(601)
  await expect(verifier.ready()).rejects.toThrow()
}

async function anEvent(kit: Kit): Promise<AuditEvent> {
  const audit = memorySink()
  await kit.verifierWith({ audit }).check(await kit.request())
  return audit.events[0] as AuditEvent
}

interface Rule {
  readonly name: string
  readonly query: string
  readonly health: string
}

interface Prometheus {
  /** The values that an instant query finds. */
  query(expr: string): Promise<readonly number[]>
  rules(): Promise<readonly Rule[]>
}

interface Found {
  readonly result: readonly { readonly value: readonly [time: number, value: string] }[]
  readonly groups: readonly { readonly rules: readonly Rule[] }[]
}

/** Scrapes this port several times a second. */
async function startPrometheus(target: number): Promise<Prometheus> {
  const { path, remove } = makeFolder('prometheus')
  onTestFinished(remove)
  const port = await freePort()
  const scrape = `{ job_name: onbehalf, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }`
  const interval = 'global: { scrape_interval: 200ms, evaluation_interval: 200ms }'
  const config = join(path, 'prometheus.yml')
  writeFileSync(config, `${interval}\nrule_files: ['${join(folder, 'alerts.yml')}']\nscrape_configs: [${scrape}]\n`)
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${join(path, 'data')}`]
  const ask = async (route: string) =>
    (await (await fetch(`http://127.0.0.1:${port}${route}`)).json()) as { status: string; error?: string; data: Found }
  const isReady = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined)
    return response?.ok === true
  }
  const program = serviceOf('prometheus') ?? ''
  const listening = `--web.listen-address=127.0.0.1:${port}`
  const running = await startService(program, [...options, listening], isReady, { cwd: path })
  onTestFinished(() => running.stop())
  return {
    async query(expr) {
      const { status, error, data } = await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)
      if (status !== 'success') throw new Error(`${expr}: ${error}`)
      return data.result.map(({ value: [, value] }) => Number(value))
    },
    async rules() {
      const { data } = await ask('/api/v1/rules')
      return data.groups.flatMap(({ rules }) => rules)
    },
  }
}
