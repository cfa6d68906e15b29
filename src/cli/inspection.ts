import { OptionsError } from '../internal/option-reader.ts'
import { readHttpsUrl } from '../internal/urls.ts'
import { isJsonObject } from '../jose/strict-json.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { DialectName } from '../types/dialect.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import type { Explanation } from '../types/observation.ts'
import type { VerifierOptions } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import { createVerifier } from '../verifier.ts'
import { MisuseError } from './command.ts'
import type { GivenToken } from './given-text.ts'
import { maskTokens, readTokenSummary, type TokenSummary } from './token-summary.ts'

/** What is known of a token, and every reason to refuse it. */
export interface Inspection extends Explanation {
  readonly token: TokenSummary
  /** What could not be judged, for people. */
  readonly notJudged: readonly string[]
}

export interface GivenProof {
  readonly text: string
  readonly method: string
  readonly url: string
}

export interface InspectionSettings {
  readonly issuer: string | undefined
  readonly resource: string | undefined
  readonly dialect: DialectName | undefined
  readonly proof: GivenProof | undefined
}

/** Judges by the checks of a verifier with default options. Throws an OptionsError or a MisuseError for wrong settings. */
export async function inspectToken(
  given: GivenToken,
  settings: InspectionSettings,
  { fetch, now }: { readonly fetch: typeof globalThis.fetch; readonly now: () => number },
): Promise<Inspection> {
  const { claims, summary } = readTokenSummary(given.text)
  const verifier = createVerifier({
    ...trustedParties(claims, settings),
    ...(settings.proof && { publicUrl: publicOriginOf(settings.proof.url) }),
    fetch: settings.issuer === undefined ? refuseToFetch : fetch,
    metadata: false,
    clock: now,
  })
  try {
    const isBoundToKey = isJsonObject(claims['cnf']) && Object.hasOwn(claims['cnf'], 'jkt')
    const scheme = given.scheme ?? (isBoundToKey || settings.proof !== undefined ? 'DPoP' : 'Bearer')
    const { reasons, ...explanation } = await verifier.explain(viewOf(`${scheme} ${given.text}`, settings.proof))
    const isJudged = judges(settings)
    const inspection: Inspection = {
      token: summary,
      ...explanation,
      reasons: reasons.filter(({ code }) => isJudged(code)),
      notJudged: unjudged(settings, explanation.signature, summary),
    }
    return JSON.parse(maskTokens(JSON.stringify(inspection)))
  } finally {
    await verifier.close()
  }
}

const refuseToFetch: typeof globalThis.fetch = () => Promise.reject(new Error('nothing is fetched'))

/** The reserved name that no issuer and no API has (RFC 2606 §2). */
const placeholder = 'https://not-given.invalid'

/** Issuer and audience: as given, else as the token names them, where a verifier can have such ones. */
function trustedParties(
  claims: Readonly<Record<string, unknown>>,
  { issuer, resource, dialect }: InspectionSettings,
): Pick<VerifierOptions, 'issuer' | 'resource' | 'audience'> {
  const about = dialect === undefined ? {} : { dialect }
  const ofToken = { issuer: String(claims['iss']), jwksUri: `${placeholder}/jwks`, ...about } satisfies IssuerOptions
  const fallback = canTrust({ issuer: ofToken, resource: placeholder }) ? ofToken : { ...ofToken, issuer: placeholder }
  const trusted = issuer === undefined ? fallback : { issuer, ...about }
  if (resource !== undefined) return { issuer: trusted, resource }
  const audience = [claims['aud']].flat().filter((name) => typeof name === 'string')
  const named = { issuer: trusted, resource: placeholder, audience }
  return audience.length > 0 && canTrust({ ...named, issuer: fallback })
    ? named
    : { issuer: trusted, resource: placeholder }
}

function canTrust(options: VerifierOptions): boolean {
  try {
    void createVerifier(options).close()
    return true
  } catch (error) {
    if (error instanceof OptionsError) return false
    throw error
  }
}

function publicOriginOf(text: string): string {
  const url = readHttpsUrl(text)
  if (typeof url === 'string') throw new MisuseError(`--url ${url}.`)
  return url.origin
}

function viewOf(authorization: string, proof: GivenProof | undefined): RequestView {
  const [, target = ''] = /^[^:]+:\/\/[^/?]*(.*)$/.exec(proof?.url ?? '') ?? []
  const fields: Readonly<Record<string, string | undefined>> = { authorization, dpop: proof?.text }
  return {
    method: proof?.method ?? 'GET',
    target: target.startsWith('/') ? target : `/${target}`,
    header: (name) => [fields[name.toLowerCase()] ?? []].flat(),
  }
}

/** What was not given is not missing. */
function judges({ issuer, proof }: InspectionSettings): (code: RefusalCode) => boolean {
  return (code) => {
    if (code === 'keys_unavailable') return issuer !== undefined
    return code !== 'certificate_missing' && (code !== 'proof_missing' || proof !== undefined)
  }
}

function unjudged(
  { issuer, proof }: InspectionSettings,
  signature: Explanation['signature'],
  { format, boundTo }: TokenSummary,
): readonly string[] {
  const isBound = (to: string) => boundTo.some((text) => text.startsWith(to))
  return [
    ...(format === 'opaque' ? ['what it means, which introspection would tell'] : []),
    ...(format === 'jwt' && issuer === undefined ? ['the signature, without --issuer'] : []),
    ...(format === 'jwt' && signature !== 'held'
      ? ['audience, lifetime, binding and parties, which wait for the signature']
      : []),
    ...(isBound('DPoP key') && proof === undefined ? ['the proof, without --proof'] : []),
    ...(isBound('client certificate') ? ['the client certificate'] : []),
    'revocation and rules of routes',
  ]
}
