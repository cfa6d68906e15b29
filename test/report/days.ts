import type { AuditEvent, Party, RefusalCode } from 'onbehalf'
import {
  accessOf,
  agent,
  anonymous,
  createRandom,
  dayMs,
  eventOf,
  failedProof,
  issuer,
  party,
  startOfDay,
  unbound,
} from './traffic.ts'

/** Whole days of made-up traffic: for the eye, and for the tests of the page. */

const agents: readonly Party[] = [
  agent('travel-planner', 'team-travel@example.com'),
  agent('invoice-bot', 'finance@example.com'),
  agent('code-reviewer', 'platform@example.com'),
  agent('mail-assistant'),
  agent('research-runner'),
]
const services: readonly Party[] = [party('billing-sync', 'service'), party('warehouse-export', 'service')]
const orchestrator = agent('workflow-orchestrator', 'platform@example.com')

/** More by day than by night. */
function weightAt(time: number): number {
  const hour = (time / 3_600_000) % 24
  return 0.15 + Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI))
}

function* timesOfDay(requests: number, random: () => number): Generator<number> {
  const stretches = 288
  const weights = Array.from({ length: stretches }, (_, at) => weightAt(startOfDay + (at * dayMs) / stretches))
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  for (const [at, weight] of weights.entries()) {
    const count = Math.round((requests * weight) / all)
    for (let nth = 0; nth < count; nth++)
      yield startOfDay + Math.floor(((at + (nth + random()) / count) * dayMs) / stretches)
  }
}

const names = ['alice', 'bob', 'chen.wei', 'dolores', 'erika.mustermann', 'فاطمة', 'g.rossi', '山田太郎']
const humans: readonly Party[] = Array.from({ length: 400 }, (_, at) =>
  party(at < names.length ? (names[at] as string) : `user-${at}`, 'human'),
)

function pick<T>(from: readonly T[], random: () => number, slant = 1): T {
  return from[Math.floor(random() ** slant * from.length)] as T
}

function requestAt(time: number, random: () => number): AuditEvent[] {
  const draw = random()
  const human = pick(humans, random, 3)
  const warnings: AuditEvent['warnings'] = []
  if (draw < 0.52) {
    const actor = pick(agents, random, 2)
    const isHandedOn = random() < 0.18
    const key =
      actor.subject === 'mail-assistant' ? `key-${actor.subject}-${Math.floor(random() * 9)}` : `key-${actor.subject}`
    const event = eventOf({
      time,
      principal: human,
      actor,
      chain: isHandedOn ? [actor, orchestrator] : [actor],
      client: actor.subject,
      sender: { method: 'dpop', thumbprint: key },
      warnings,
    })
    return [event, accessOf(event, random() < 0.012 ? { code: 'scope_missing', status: 403, rule: 'scopes' } : {})]
  }
  if (draw < 0.78) {
    const isOld = random() < Math.max(0.05, 0.75 - (time - startOfDay) / dayMs)
    const event = eventOf({
      time,
      principal: human,
      client: 'web-app',
      ...(isOld ? { ...unbound, tokenLifetimeSeconds: 3_600, wouldRefuse: ['token_lifetime', 'binding_missing'] } : {}),
      ...(isOld ? {} : { sender: { method: 'dpop' as const, thumbprint: `key-${human.subject}` } }),
    })
    return [event, accessOf(event, { wouldRefuse: [] })]
  }
  if (draw < 0.95) {
    const principal = pick(services, random)
    const event = eventOf({
      time,
      principal,
      client: principal.subject,
      sender: { method: 'mtls', thumbprint: `certificate-${principal.subject}` },
    })
    return [event, accessOf(event)]
  }
  if (draw < 0.975) {
    const principal = party('0oa8k2vxq7LmN4pQr5d7', 'unknown')
    return [
      eventOf({
        time,
        principal,
        authority: 'undetermined',
        client: 'legacy-portal',
        ...unbound,
        tokenLifetimeSeconds: 86_400,
      }),
    ]
  }
  if (draw < 0.99) return [anonymous('token_expired', { time })]
  if (draw < 0.998) return [anonymous('credentials_missing', { time, tokenId: null })]
  return [eventOf({ time, principal: human, client: 'web-app', ...failedProof('nonce_required') })]
}

export function* normalDay(requests = 20_000): Generator<AuditEvent> {
  const random = createRandom(1)
  for (const time of timesOfDay(requests, random)) yield* requestAt(time, random)
}

/** The normal day, and from 13:00 to 16:00 stolen tokens, captured proofs and forged signatures. */
export function* dayUnderAttack(requests = 20_000): Generator<AuditEvent> {
  const random = createRandom(2)
  for (const time of timesOfDay(requests, random)) {
    yield* requestAt(time, random)
    const hour = (time - startOfDay) / 3_600_000
    if (hour < 13 || hour > 16) continue
    if (random() < 0.6) yield attackAt(time, random)
  }
}

function attackAt(time: number, random: () => number): AuditEvent {
  const draw = random()
  if (draw < 0.3) return anonymous('token_signature', { time })
  if (draw < 0.4) return anonymous('token_malformed', { time })
  const victim = pick(agents, random)
  const codes: readonly RefusalCode[] = [
    'proof_replayed',
    'proof_replayed',
    'binding_mismatch',
    'proof_target',
    'proof_signature',
  ]
  return eventOf({
    time,
    principal: pick(humans, random, 3),
    actor: victim,
    client: victim.subject,
    ...failedProof(pick(codes, random)),
  })
}

/** What a team sees on its first day beside another guard. */
export function* observedDay(requests = 20_000): Generator<AuditEvent> {
  for (const event of normalDay(requests)) {
    if (event.phase === 'access') continue
    const reasons: RefusalCode[] = event.code === null ? [] : [event.code]
    if (event.sender.method === 'none') reasons.push('binding_missing')
    if ((event.tokenLifetimeSeconds ?? 0) > 300) reasons.unshift('token_lifetime')
    if (event.client === 'web-app') reasons.unshift('token_audience')
    yield {
      ...event,
      decision: 'observed',
      code: null,
      status: null,
      issuerLabel: event.issuer === null ? '' : issuer,
      wouldRefuse: reasons,
    }
  }
}
