import { type Dissected, differences, dissect } from '../properties/differential-classes.ts'
import { startMs } from '../properties/rig.ts'
import { resource } from '../support/kit.ts'
import type { Pair } from './differential-pairs.ts'

/** The intended differences between two other verifiers and this package. Any other difference is a fault. */
export interface Rule {
  readonly name: string
  /** What we say. */
  readonly codes: readonly string[]
  explains(pair: DissectedPair): boolean
}

export interface DissectedPair {
  readonly token: Dissected
  readonly proof: Dissected
  readonly pair: Pair
}

export function dissectPair(pair: Pair): DissectedPair {
  return { token: dissect(pair.token), proof: dissect(pair.proof?.trim() ?? ''), pair }
}

const now = startMs / 1_000
const malformed = ['proof_malformed']

/** The rules of a JWS that hold for a proof as well, by their names there. */
const alsoOfProofs = ['JOSE-06', 'JOSE-08', 'JOSE-04', 'JOSE-09', 'RFC 7493']

export const rules: readonly Rule[] = [
  ...differences.map(({ name, ours, explains }) => ({
    name,
    codes: ours.map((code) => (code === 'accepted' ? 'admitted' : code)),
    explains: ({ token }: DissectedPair) => explains(token),
  })),
  ...differences
    .filter(({ name }) => alsoOfProofs.some((id) => name.startsWith(id)))
    .map(({ name, explains }) => ({
      name: `${name}, in a proof`,
      codes: malformed,
      explains: ({ proof }: DissectedPair) => explains(proof),
    })),
  {
    name: 'RFC 9449 §4.2: typ is dpop+jwt, in this spelling',
    codes: malformed,
    explains: ({ proof }) => proof.header['typ'] !== 'dpop+jwt',
  },
  {
    name: 'RFC 9449 §4.2: jti, nonce, exp or nbf of a proof is empty, too long or mistyped',
    codes: malformed,
    explains: ({ proof: { claims } }) =>
      typeof claims['jti'] !== 'string' ||
      claims['jti'] === '' ||
      claims['jti'].length > 256 ||
      ('nonce' in claims && typeof claims['nonce'] !== 'string') ||
      ['iat', 'exp', 'nbf'].some((name) => name in claims && !(Math.abs(Number(claims[name])) < 2 ** 53)) ||
      ['exp', 'nbf'].some((name) => name in claims && typeof claims[name] !== 'number'),
  },
  {
    name: 'RFC 9449 §11.1: a proof counts for 60 s, and 10 s ahead',
    codes: ['proof_expired', 'proof_not_active'],
    explains: ({ proof: { claims } }) =>
      typeof claims['iat'] === 'number' && (claims['iat'] < now - 60 || claims['iat'] > now + 10),
  },
  {
    name: 'RFC 9449 §11.1: a proof admits one request',
    codes: ['proof_replayed'],
    explains: ({ pair }) => pair.isReplayed,
  },
  {
    name: 'RFC 3986 §6.2.2: a percent-encoded letter of a URL is that letter',
    codes: ['admitted'],
    explains: ({ proof, pair }) => /%74/.test(`${proof.claims['htu']} ${pair.url}`),
  },
  {
    name: 'RFC 3986 §6.2.3: the audience that is a bare origin may end in a slash',
    codes: ['admitted'],
    explains: ({ token }) => [token.claims['aud']].flat().includes(`${resource}/`),
  },
  {
    name: 'RFC 9449 §4.3: of the URL parts that a parser would mend, none is mended',
    codes: ['proof_target'],
    explains: ({ proof }) => /@|\\|\s|^https:\/[^/]/.test(String(proof.claims['htu'])),
  },
  {
    name: 'RFC 7638 §3.2: of the jwk of a proof the members of its thumbprint count',
    codes: ['admitted'],
    explains: ({ proof }) => ['alg', 'use', 'key_ops'].some((name) => Object.hasOwn(Object(proof.header['jwk']), name)),
  },
  {
    name: 'RFC 7800 §3.1: a member of cnf that is no confirmation method is overlooked',
    codes: ['admitted'],
    explains: ({ token }) => Object.keys(Object(token.claims['cnf'])).some((name) => name !== 'jkt'),
  },
  {
    name: 'RFC 8705 §3: a token that names a certificate needs it, beside a proof as well',
    codes: ['certificate_missing'],
    explains: ({ token }) => Object.hasOwn(Object(token.claims['cnf']), 'x5t#S256'),
  },
  {
    name: 'RFC 8693 §4.1: act is an object that names a party',
    codes: ['delegation_malformed'],
    explains: ({ token: { claims } }) => typeof claims['act'] !== 'object' || claims['act'] === null,
  },
]
