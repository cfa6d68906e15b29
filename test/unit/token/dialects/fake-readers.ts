import type { EntityKind, JwtPayload } from '../../../../src/types/context.ts'
import type { DialectActor, DialectReaders } from '../../../../src/types/dialect.ts'

/** Readers without the checks of the real ones: enough for the functions of a dialect. */
export const read: DialectReaders = {
  actors(claims) {
    const actors: DialectActor[] = []
    for (let act = claims['act'] as JwtPayload | undefined; act !== undefined; act = act['act'] as JwtPayload) {
      const subject = act.sub ?? String(act['client_id'])
      actors.push({ subject, issuer: act.iss ?? null, kind: read.kind(act['sub_profile']) })
    }
    return actors
  },
  kind: (profile) => kinds.get(profile) ?? 'unknown',
  profiles: (value) => (typeof value === 'string' ? value.split(' ') : []),
  tooDeep() {
    throw new RangeError('too deep')
  },
  malformed() {
    throw new RangeError('malformed')
  },
}

const kinds = new Map<unknown, EntityKind>([
  ['ai_agent', 'agent'],
  ['user', 'human'],
  ['service', 'service'],
])
