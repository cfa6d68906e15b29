import { createVerifier, type RequestView } from 'onbehalf'
import { fillers, mixtureOf } from '../hostile.ts'
import { type Agent, type Authority, createAgent, createAuthority, flat, resource, url } from '../keys.ts'
import { ratioOf } from '../ratio.ts'
import { rawVerification, sha256 } from '../raw.ts'
import { admit, dpopView, goodView } from '../requests.ts'
import type { Depth, Measurement, Section } from '../results.ts'
import { randomText } from '../text.ts'

/**
 * Refusals that ask for no signature, of requests as dear as their octets allow: full of what takes longest to read. Each
 * row is the worst of all fillings; its note names it.
 */

const efforts = {
  check: { batches: 4, warmUp: 3, batchSize: 20, perSample: 5 },
  full: { batches: 15, warmUp: 15, batchSize: 40, perSample: 5 },
}

/** The default sizes. */
const tokenCharacters = 8_192
const proofCharacters = 4_096
const target = { max: 0.5 }

interface Place {
  readonly name: string
  /** A request with this filling there. */
  make(filling: (octets: number) => string): RequestView
}

export const hostile: Section = async (depth: Depth) => {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource })
  const agent = await createAgent(authority)
  admit(verifier, goodView(agent))
  const fillings = { ...fillers, ...Object.fromEntries(mixtures[depth].map((name) => [name, mixtureOf])) }
  const measurements: Measurement[] = []
  for (const { name, make } of places(agent, authority)) {
    const ratios = Object.entries(fillings).map(([kind, filling]) => {
      const view = make(filling)
      const proof = agent.proof()
      const pair = {
        raw: rawVerification(proof, agent.signer.publicKey),
        ours: () => refuseUnverified(verifier, view),
      }
      return { kind, ratio: ratioOf((size) => Array.from({ length: size }, () => pair), efforts[depth]).ratio }
    })
    const sorted = ratios.toSorted((a, b) => b.ratio - a.ratio)
    const note = sorted.slice(0, 3).map(({ kind, ratio }) => `${kind} ${ratio.toFixed(3)}`)
    const raw = sorted.map(({ ratio }) => ratio)
    measurements.push({
      name: `hostile: ${name}`,
      value: raw[0] ?? 0,
      unit: 'ratio',
      target,
      raw,
      note: note.join(', '),
    })
  }
  return measurements
}

const mixtures = {
  check: ['a mixture'],
  full: Array.from({ length: 20 }, (_, at) => `mixture ${at}`),
}

function places(agent: Agent, { issuer }: Authority): readonly Place[] {
  const exp = Math.floor(Date.now() / 1_000) + 3_000
  const header = '"typ":"at+jwt","alg":"ES256","kid":"unknown"'
  const claims = `"iss":"${issuer}","exp":${exp}`
  const proofHeader = `"typ":"dpop+jwt","alg":"ES256","jwk":${JSON.stringify(agent.signer.jwk)}`
  const proofClaims = `"jti":"j","htm":"GET","htu":"${url}","iat":${exp - 3_000},"ath":"${sha256('')}"`
  const tokenView = (token: string) => dpopView(token, agent.proof())
  const proofView = (proof: string) => dpopView(agent.token, proof)
  return [
    {
      name: 'claims of a token',
      make: (filling) => tokenView(compactOf(header, claims, tokenCharacters, 'payload', filling)),
    },
    {
      name: 'header of a token',
      make: (filling) => tokenView(compactOf(header, claims, tokenCharacters, 'header', filling)),
    },
    {
      name: 'claims of a proof',
      make: (filling) => proofView(compactOf(proofHeader, proofClaims, proofCharacters, 'payload', filling)),
    },
    {
      name: 'header of a proof',
      make: (filling) => proofView(compactOf(proofHeader, proofClaims, proofCharacters, 'header', filling)),
    },
  ]
}

/** Which of the cheap reasons it is depends on the filling; a signature that was verified would be another matter. */
function refuseUnverified(verifier: ReturnType<typeof createVerifier>, view: RequestView): void {
  const verdict = verifier.checkNow(view)
  if (verdict instanceof Promise || verdict.ok) throw new Error('not refused at once')
  if (verdict.refusal.code.endsWith('_signature')) throw new Error('a signature was verified')
}

/** A JWS of as many characters as there may be, its filling in one of the two; the signature is invented. */
function compactOf(
  header: string,
  payload: string,
  characters: number,
  place: 'header' | 'payload',
  filling: (octets: number) => string,
): string {
  const signature = randomText(86).replace(/.$/, 'A')
  const used = ((header.length + payload.length + 8) * 4) / 3 + signature.length + 2
  const filled = `,${filling(Math.floor(((characters - used) * 3) / 4) - 4)}`
  const texts = place === 'header' ? [`{${header}${filled}}`, `{${payload}}`] : [`{${header}}`, `{${payload}${filled}}`]
  const [first = '', second = ''] = texts.map((text) => Buffer.from(text).toString('base64url'))
  return flat(`${first}.${second}.${signature}`)
}
