/** Reads claims under any dialect. */
import { createVerifier, type DialectName, type IssuerOptions, type Verdict, type Verifier } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { dialects } from '../../src/token/dialects/index.ts'
import { judgeNow } from '../properties/rig.ts'
import { createForge, type Forge } from '../support/forge.ts'
import type { Members } from '../support/jws.ts'
import { resource, url } from '../support/kit.ts'

export const dialectNames: readonly DialectName[] = Object.keys(dialects) as DialectName[]

const forge: Forge = await createForge()
const now = Math.floor(forge.clock.now() / 1_000)
const issuer: string = forge.trust.issuer

/** As lax as docs/issuers.md has it for any product: unbound tokens of any life, whose actors are of any issuer. */
export function laxOptions(dialect: DialectName): Partial<IssuerOptions> {
  return { dialect, maxTokenSeconds: 86_400, actorIssuers: 'any', dangerously: { allowUnbound: true } }
}

export function verifierFor(dialect: DialectName, more: Partial<IssuerOptions> = {}): Verifier {
  return createVerifier({ ...forge.options, issuer: { ...forge.trust, ...laxOptions(dialect), ...more } })
}

/** `typ` null: none. Beside the claims it has `iss`, `aud`, `iat` and `exp`; undefined takes one away. */
export function read(verifier: Verifier, typ: string | null, claims: Members): Verdict {
  const whole = { iss: issuer, aud: resource, iat: now, exp: now + 3_600, ...claims }
  const token = forge.raw(forge.header({ typ: typ ?? undefined }), whole)
  return judgeNow(verifier, requestView({ url, headers: { authorization: `Bearer ${token}` } }))
}
