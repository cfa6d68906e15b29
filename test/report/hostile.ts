import type { AuditEvent, Party } from 'onbehalf'
import { eventOf, failedProof, startOfDay, unbound } from './traffic.ts'

/** What a caller could write into a token, to break out of a page, a line or a terminal. */
export const hostileNames: readonly string[] = [
  '<script>globalThis.hit = 1</script>',
  '"><img src=x onerror="globalThis.hit = 1">',
  "' onmouseover='globalThis.hit = 1",
  '</style></title></svg><h1>Owned</h1>',
  '--><svg onload="globalThis.hit = 1">',
  '&lt;b&gt; &#60;b> &amp;',
  'javascript:globalThis.hit=1',
  'admin\u202Etxt.exe\u202C',
  '\u2066\u2067\u2068\u2069\u200E\u200F\u061C',
  '\u001B[31mred\u001B]0;title\u0007\u009B2J',
  'line\r\nbreak\u2028and\u2029more\u0085',
  'zero\u200B\u200C\u200D\uFEFF\u2060width',
  '\u{E0041}\u{E0042}tags',
  'lone\uD800surrogate',
  `Z${'\u0335\u0321'.repeat(60)}algo`,
  'a'.repeat(8_000),
  '山'.repeat(300),
  'ﷺ'.repeat(200),
  '\u3164\u115F\u00A0\u3000',
  'مرحبا بالعالم',
  '{{globalThis.hit = 1}}',
]

/** Each name in every member that comes from a token, on an admitted, a refused, an unbound and a replayed request. */
export function* hostileTraffic(names: readonly string[] = hostileNames): Generator<AuditEvent> {
  let time = startOfDay
  for (const name of names) {
    const party = (kind: Party['kind'], subject: string, clientId?: string): Party => ({
      subject,
      issuer: name,
      assertedBy: name,
      kind,
      kindSource: 'dialect',
      profiles: [name],
      ...(clientId === undefined ? {} : { clientId }),
    })
    const principal = party('human', name)
    const actor = party('agent', name)
    const event = {
      principal,
      actor,
      chain: [actor, party('agent', `${name}-earlier`)],
      issuer: name,
      issuerLabel: name,
      client: name,
      tokenLifetimeSeconds: 86_400,
    }
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      yield eventOf({ ...event, time, sender: { method: 'dpop', thumbprint: `${name}${key}` } })
    }
    yield eventOf({ ...event, ...unbound, time, wouldRefuse: ['binding_missing'], facts: { hint: name.slice(0, 40) } })
    yield eventOf({ ...event, ...failedProof('proof_replayed'), time })
    yield eventOf({ ...event, code: 'token_audience', status: 401, time, facts: { hint: name.slice(0, 40) } })
    time += 900_000
  }
}
