import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditEvent, type AuditSetting, createVerifier, type RequestView, type Sink } from 'onbehalf'
import { compileRequirement } from 'onbehalf/adapter'
import { type AuditLog, auditLog, verifyAuditLog } from 'onbehalf/audit-log'
import { prometheusSink } from 'onbehalf/prometheus'
import { agentReport } from 'onbehalf/report'
import { Registry } from 'prom-client'
import { type Agent, createAgent, createAuthority, resource } from '../keys.ts'
import { medianOf, type Pair } from '../ratio.ts'
import { rawVerification } from '../raw.ts'
import { admit, goodView } from '../requests.ts'
import type { Depth, Measurement, Section, Target } from '../results.ts'
import { hotBatch } from './pipeline.ts'

/** Hot requests with an authentication and an access event each, written to a disk. Needs a process of its own, with --expose-gc. */

interface Effort {
  readonly warmUp: number
  readonly rounds: number
  /** For the pace of the log alone. */
  readonly events: number
}

const efforts: Readonly<Record<Depth, Effort>> = {
  check: { warmUp: 6, rounds: 7, events: 200_000 },
  full: { warmUp: 8, rounds: 20, events: 5_000_000 },
}
/** Of one round: so many turns of the event loop, each with so many requests. */
const turns = 20
const perTurn = 50
const batchSize = turns * perTurn

export const audit: Section = async (depth) => {
  const effort = efforts[depth]
  return [...(await measureRequests(effort)), ...(await measureLog(effort))]
}

/** The sinks that are measured together. */
function sinksOf(log: AuditLog): readonly Sink[] {
  return [log, prometheusSink(new Registry()), agentReport()]
}

async function measureRequests(effort: Effort): Promise<readonly Measurement[]> {
  const { log, publicJwk, directory } = await openLog()
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource, audit: [...sinksOf(log)] })
  // As the doors do: read once.
  const requirement = compileRequirement({ scopes: ['tools:read'] })
  const enter = (view: RequestView) => {
    const decision = verifier.authorizeNow(admit(verifier, view), requirement, view)
    if (decision instanceof Promise || !decision.ok) throw new Error('not allowed, or not at once')
  }
  const agents = await Promise.all(Array.from({ length: 8 }, () => createAgent(authority)))
  for (const agent of agents) enter(goodView(agent))
  const { deciding, wholes, micros } = await compare(hotBatch(agents, enter), effort, () => drained(log))
  const counts = verifier.health().audit
  await verifier.close()
  const requests = agents.length + (effort.warmUp + effort.rounds) * batchSize
  const { events, faults } = await verifyAuditLog(directory, [publicJwk])
  rmSync(directory, { recursive: true })
  if (events !== 2 * requests || faults.length > 0 || counts.failed + counts.dropped > 0)
    throw new Error(`${events} events of ${requests} requests, ${faults.length} faults`)
  return [
    ratio('audit log: deciding call ÷ one verification', deciding, { max: 1.35 }, micros.deciding),
    ratio('audit log: CPU of the process ÷ one verification', wholes, { max: 1.75 }, micros.whole),
  ]
}

interface Comparison {
  readonly deciding: readonly number[]
  readonly wholes: readonly number[]
  readonly micros: { readonly deciding: string; readonly whole: string }
}

/** `settle`: ends when all that a batch left to do is done, which counts for the CPU and not for the call. */
async function compare(
  makeBatch: (size: number) => readonly Pair[],
  effort: Effort,
  settle: () => Promise<void>,
): Promise<Comparison> {
  const deciding: number[] = []
  const wholes: number[] = []
  const times = { raw: [] as number[], ours: [] as number[], rawCpu: [] as number[], oursCpu: [] as number[] }
  for (let round = 0; round < effort.warmUp + effort.rounds; round++) {
    const pairs = makeBatch(batchSize)
    await settle()
    const order = round % 2 === 0 ? (['raw', 'ours'] as const) : (['ours', 'raw'] as const)
    const median = { raw: 0, ours: 0 }
    const cpu = { raw: 0, ours: 0 }
    for (const side of order) {
      const before = process.cpuUsage()
      const samples: number[] = []
      for (let at = 0; at < pairs.length; at += perTurn) {
        for (const pair of pairs.slice(at, at + perTurn)) samples.push(timeOf(pair[side]))
        await new Promise(setImmediate)
      }
      await settle()
      const { user, system } = process.cpuUsage(before)
      median[side] = medianOf(samples) * 1_000
      cpu[side] = (user + system) / batchSize
    }
    if (round < effort.warmUp) continue
    deciding.push(median.ours / median.raw)
    wholes.push(cpu.ours / cpu.raw)
    times.raw.push(median.raw)
    times.ours.push(median.ours)
    times.rawCpu.push(cpu.raw)
    times.oursCpu.push(cpu.ours)
  }
  const beside = (ours: readonly number[], raw: readonly number[]) =>
    `${medianOf(ours).toFixed(2)} µs beside ${medianOf(raw).toFixed(2)} µs`
  return {
    deciding,
    wholes,
    micros: { deciding: beside(times.ours, times.raw), whole: beside(times.oursCpu, times.rawCpu) },
  }
}

function timeOf(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}

/** Events at the pace that the log takes them, with some parties. */
async function measureLog({ events }: Effort): Promise<readonly Measurement[]> {
  const { log, directory } = await openLog()
  const samples = await sampleEvents()
  const verification = await timeOfVerification()
  const memory: number[] = []
  const block = 500
  const every = events / 50
  const start = performance.now()
  for (let written = 0; written < events; written += block) {
    for (let at = 0; at < block; at++) log.write(samples[(written + at) % samples.length] as AuditEvent)
    while (log.health().waiting > 4 * block) await new Promise(setImmediate)
    if (written % every === 0) memory.push(bytesInUse())
  }
  await log.close()
  const seconds = (performance.now() - start) / 1_000
  rmSync(directory, { recursive: true })
  const third = Math.floor(memory.length / 3)
  const [early, late] = [medianOf(memory.slice(0, third)), medianOf(memory.slice(-third))]
  const isFull = events > 1_000_000
  const sustained: Measurement = {
    name: 'audit log: sustained',
    value: events / seconds,
    unit: 'requests/s',
    raw: [events / seconds],
    target: { min: 20_000 },
    note: `${events} events in ${seconds.toFixed(1)} s`,
  }
  return [
    ...(isFull ? [sustained] : []),
    {
      name: 'audit log: time of an event ÷ one verification',
      value: (seconds * 1e6) / events / verification,
      unit: 'ratio',
      raw: [(seconds * 1e6) / events / verification],
      note: `beside ${verification.toFixed(2)} µs`,
    },
    {
      name: 'audit log: memory in use, the last third ÷ the first third',
      value: late / early,
      unit: 'ratio',
      raw: memory.map((bytes) => bytes / early),
      target: { max: 1.2 },
      note: `${(late / 1e6).toFixed(1)} MB at the end`,
    },
  ]
}

async function sampleEvents(): Promise<readonly AuditEvent[]> {
  const authority = await createAuthority()
  const kept: AuditEvent[] = []
  const setting: AuditSetting = { sink: { write: (record) => void ('dropped' in record || kept.push(record)) } }
  const verifier = createVerifier({ issuer: authority.options, resource, audit: setting })
  const agents: readonly Agent[] = await Promise.all(Array.from({ length: 50 }, () => createAgent(authority)))
  for (const agent of agents) for (let round = 0; round < 20; round++) admit(verifier, goodView(agent))
  return kept
}

/** Microseconds. */
async function timeOfVerification(): Promise<number> {
  const agent = await createAgent(await createAuthority())
  const verify = rawVerification(agent.proof(), agent.signer.publicKey)
  return medianOf(Array.from({ length: 2_000 }, () => timeOf(verify) * 1_000))
}

async function openLog() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const directory = mkdtempSync(join(tmpdir(), 'onbehalf-bench-'))
  const log = await auditLog({ directory, origin: 'bench', key: privateKey })
  return { log, directory, publicJwk: publicKey.export({ format: 'jwk' }) }
}

async function drained(log: AuditLog): Promise<void> {
  while (log.health().waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20))
}

function ratio(name: string, raw: readonly number[], target: Target, note: string): Measurement {
  return { name, value: medianOf(raw), unit: 'ratio', raw, target, note }
}

function bytesInUse(): number {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('this section needs --expose-gc')
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
