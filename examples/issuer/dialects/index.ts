import type { DialectName } from 'onbehalf'
import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { writeAap } from './aap.ts'
import { writeAuth0 } from './auth0.ts'
import { writeCognito } from './cognito.ts'
import { writeEntra } from './entra.ts'
import { writeFusionauth } from './fusionauth.ts'
import { writeKeycloak } from './keycloak.ts'
import { writeOkta } from './okta.ts'
import { writeScalekit } from './scalekit.ts'
import { writeActorProfile, writeRfc9068 } from './standards.ts'
import { writeStytch } from './stytch.ts'
import { writeWorkos, writeWorkosAgents } from './workos.ts'
import { actorsOf, NotIssuedError, type Writer, type WrittenToken } from './written-token.ts'
import { writeWso2 } from './wso2.ts'
import { writeZeroid } from './zeroid.ts'
import { writeZitadel } from './zitadel.ts'

export type { DialectName } from 'onbehalf'
export { NotIssuedError, type WrittenToken } from './written-token.ts'

const writers: Readonly<Record<DialectName, Writer>> = {
  rfc9068: writeRfc9068,
  'actor-profile': writeActorProfile,
  auth0: writeAuth0,
  okta: writeOkta,
  entra: writeEntra,
  keycloak: writeKeycloak,
  zitadel: writeZitadel,
  wso2: writeWso2,
  workos: writeWorkos,
  'workos-agents': writeWorkosAgents,
  zeroid: writeZeroid,
  scalekit: writeScalekit,
  stytch: writeStytch,
  cognito: writeCognito,
  fusionauth: writeFusionauth,
  aap: writeAap,
}

export const dialectNames: readonly DialectName[] = Object.keys(writers) as DialectName[]

/** These can say that an actor is of another issuer. */
const namespaced: ReadonlySet<DialectName> = new Set(['rfc9068', 'actor-profile', 'auth0', 'zitadel'])

/**
 * The token as a product would send it in its default settings, to be signed by this issuer. It is bound to its key where the
 * product can do that. Kept are the issuer's own name, by which an API finds the keys, the names of the parties, and the life,
 * which is longer in products. `losses.ts` lists what each cannot say. Throws {@link NotIssuedError} where the product has no
 * such token.
 */
export function writeAs(dialect: DialectName, claims: ActorProfileClaims): WrittenToken {
  const isForeign = actorsOf(claims).some(({ iss }) => iss !== claims.iss)
  if (isForeign && !namespaced.has(dialect)) {
    throw new NotIssuedError(`${dialect} has no name for an actor of another issuer`)
  }
  const { typ, claims: written } = writers[dialect](claims)
  return { typ, claims: Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) }
}
