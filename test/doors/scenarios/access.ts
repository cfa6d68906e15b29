import type { AccessRequirement, RefusalCode } from 'onbehalf'
import { like } from '../like.ts'
import { admitted, type RefusedHow, refused } from '../seen.ts'
import type { Chapter, Row } from '../table.ts'

const routes: Readonly<Record<string, AccessRequirement<object>>> = {
  '/scope': { scopes: ['admin', 'tools:read'] },
  '/any-scope': { anyScope: ['admin', 'root'] },
  '/acr': { acr: ['gold', 'silver'], maxAuthAgeSeconds: 300, scopes: ['admin'] },
  '/actor': { actor: { subject: 'someone-else' } },
  '/principal': { principal: { kind: 'service' } },
  '/pair': { pair: (principal, actor) => principal.subject === actor.subject },
  '/authority': { authority: 'independent' },
  '/human': { denyIfAgentInvolved: true },
  '/shallow': { maxDepth: 0 },
  '/mtls': { sender: 'mtls' },
  '/where': { where: async () => false },
  '/details': { details: { type: 'payment', allows: () => true } },
  '/open': { scopes: ['tools:read'], where: async (context) => context.actor.subject === 'travel-7' },
}

/** Requirements of routes, and the refusals when they are not met. */
export const access: Chapter = {
  subject: 'access',
  app: ({ options }) => ({
    options,
    routes: Object.entries(routes).map(([path, requirement]) => ({ path, requirement })),
  }),
  rows: [
    row('/scope', 'scope_missing', 'RFC 6750 §3.1: a scope', { needs: { scope: 'admin tools:read' } }),
    row('/any-scope', 'scope_missing', 'RFC 6750 §3.1: any scope', { needs: { scope: 'admin' } }),
    row('/acr', 'authentication_insufficient', 'RFC 9470 §3: a stronger authentication', {
      needs: { scope: 'admin' },
      more: { acr_values: 'gold silver', max_age: '300' },
    }),
    row('/actor', 'actor_unauthorized', 'RFC 8693 §4.1: another actor'),
    row('/principal', 'actor_unauthorized', 'RFC 8693 §4.1: another principal'),
    row('/pair', 'actor_unauthorized', 'RFC 8693 §4.1: another pair'),
    row('/authority', 'authority_required', 'RFC 8693 §1.1: another authority'),
    row('/human', 'access_denied', 'RFC 8693 §1.1: no agent'),
    row('/shallow', 'access_denied', 'RFC 8693 §4.1: a shorter chain'),
    row('/mtls', 'access_denied', 'RFC 8705 §3: a certificate'),
    row('/where', 'access_denied', 'RFC 9110 §15.5.4: a rule of the user'),
    row('/details', 'details_missing', 'RFC 9396 §5: authorization details'),
    {
      title: 'RFC 6750 §3.1: a route whose requirement is met is reached',
      send: (kit) => kit.shot({ target: '/open' }),
      expect: admitted('/open', { actor: like({ subject: 'travel-7' }) }),
    },
    {
      title: 'RFC 9449 §11.1: a 403 has used up its proof',
      send: async (kit) => {
        const shot = await kit.shot({ target: '/authority' })
        return [shot, shot]
      },
      expect: refused('proof_replayed'),
    },
  ],
}

function row(target: string, code: RefusalCode, title: string, how: RefusedHow = {}): Row {
  return {
    title: `${title} is asked for: ${code}`,
    send: (kit) => kit.shot({ target }),
    expect: refused(code, how),
  }
}
