import fc from 'fast-check'
import { type Draft, draftOf, bends as tokenBends, write } from '../properties/differential-tokens.ts'
import { jktOf, startMs } from '../properties/rig.ts'
import { encode, respell, sha256 } from '../support/bytes.ts'
import { type Members, type RawKey, signBytes } from '../support/jws.ts'
import { resource, url } from '../support/kit.ts'

/** A token, a proof of it and the request that carries both: good, with at most three changes anywhere. */
export interface Pair {
  readonly token: string
  readonly proof: string | undefined
  readonly method: string
  readonly url: string
  readonly scheme: string
  /** Whether the same proof was shown before. */
  readonly isReplayed: boolean
}

interface Plan {
  readonly token: Draft
  readonly proof: ProofDraft
  readonly request: Pick<Pair, 'method' | 'url' | 'scheme' | 'isReplayed'>
}
interface ProofDraft {
  readonly key: RawKey
  readonly header: Members
  readonly claims: Members
  readonly texts: (header: string, payload: string) => readonly [string | Uint8Array, string | Uint8Array]
  readonly finish: (jws: string) => string | undefined
}
type Bend = (plan: Plan) => Plan

const now = startMs / 1_000
const header = (name: string, ...values: readonly unknown[]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((value) => (plan) => {
    return { ...plan, proof: { ...plan.proof, header: { ...plan.proof.header, [name]: value } } }
  })
const claim = (name: string, ...values: readonly unknown[]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((value) => (plan) => {
    return { ...plan, proof: { ...plan.proof, claims: { ...plan.proof.claims, [name]: value } } }
  })
const texts = (...values: readonly ProofDraft['texts'][]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((value) => (plan) => ({ ...plan, proof: { ...plan.proof, texts: value } }))
const finished = (...values: readonly ProofDraft['finish'][]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((finish) => (plan) => ({ ...plan, proof: { ...plan.proof, finish } }))
const request = (...values: readonly Partial<Plan['request']>[]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((value) => (plan) => ({ ...plan, request: { ...plan.request, ...value } }))
const confirmation = (...values: readonly unknown[]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((cnf) => (plan) => {
    return { ...plan, token: { ...plan.token, claims: { ...plan.token.claims, cnf } } }
  })

function jwkWith(changes: (jwk: Members) => Members): Bend {
  return (plan) => {
    const jwk = changes(Object(plan.proof.header['jwk']) as Members)
    return { ...plan, proof: { ...plan.proof, header: { ...plan.proof.header, jwk } } }
  }
}

/** Each proof keeps a name of its own. */
function nameWith(change: (jti: string) => string): Bend {
  return (plan) => {
    const own = plan.proof.claims['jti']
    const jti = typeof own === 'string' && own.startsWith('proof-') ? change(own) : own
    return { ...plan, proof: { ...plan.proof, claims: { ...plan.proof.claims, jti } } }
  }
}

const mistyped = [null, '', 5, [], {}, true, undefined]
const otherUrls = ['?a=1', '#b', '/', '//', '/%74ools', '/../tools', '/TOOLS', '%2f', '\\', ' ']

/** What differs in the proof or in the request; differences of tokens come from the properties. */
function pairBends(stranger: RawKey, thumbprint: string): readonly fc.Arbitrary<Bend>[] {
  return [
    header('typ', 'DPoP+JWT', 'application/dpop+jwt', 'jwt', 'at+jwt', ...mistyped),
    header('alg', 'none', 'HS256', 'ES384', 'RS256', 'es256', 'EdDSA', ...mistyped),
    header('crit', [], ['exp'], ['b64'], null, 'x'),
    header('b64', true, false),
    header('kid', 'x', 5, null),
    header('jwk', stranger.publicJwk, ...mistyped),
    fc.constantFrom(
      jwkWith((jwk) => ({ ...jwk, d: 'AAAA' })),
      jwkWith((jwk) => ({ ...jwk, kid: 'x', use: 'sig' })),
      jwkWith((jwk) => ({ ...jwk, use: 'enc' })),
      jwkWith((jwk) => ({ ...jwk, alg: 'PS512' })),
      jwkWith((jwk) => ({ ...jwk, kty: 'oct' })),
      jwkWith((jwk) => ({ ...jwk, key_ops: ['sign'] })),
      jwkWith((jwk) => ({ ...jwk, x: `${jwk['x']}=` })),
      jwkWith(({ x: _, ...jwk }) => jwk),
      jwkWith((jwk) => ({ ...jwk, __proto__x: 'é' })),
    ),
    fc.constant<Bend>((plan) => ({ ...plan, proof: { ...plan.proof, key: stranger } })),
    claim('jti', ...mistyped),
    fc.constantFrom(
      nameWith((jti) => `${jti}é`),
      nameWith((jti) => jti.padEnd(256, 'x')),
      nameWith((jti) => jti.padEnd(257, 'x')),
    ),
    claim('htm', 'get', 'POST', 'GET ', ...mistyped),
    claim(
      'htu',
      ...otherUrls.map((end) => `${url}${end}`),
      ...otherUrls.map((end) => `${resource}${end}`),
      ...mistyped,
    ),
    claim(
      'htu',
      'HTTPS://API.example.test/tools',
      'https://api.example.test:443/tools',
      'http://api.example.test/tools',
    ),
    claim('htu', 'https://api.example.test/%74ools', 'https://api.example.test/a/../tools', '/tools', 'https:/tools'),
    claim('htu', 'https://u@api.example.test/tools', 'https://api.example.test./tools', 'https://evil.test/tools'),
    claim('iat', now - 60, now - 61, now - 60.5, now - 299, now - 301, now + 10, now + 11, now + 299, now + 301),
    claim('iat', 1e300, -1, String(now), ...mistyped),
    claim('ath', sha256('x'), 'A'.repeat(42), ...mistyped),
    claim('nonce', 'x', ...mistyped),
    claim('exp', now + 100, now, now - 4, now - 5, now - 100, 1e300, ...mistyped),
    claim('nbf', now, now + 5, now + 6, now + 100, -1e300, ...mistyped),
    claim('__proto__x', 'é', ['{', ',', ':']),
    texts(
      (head, body) => [`{"alg":"none",${head.slice(1)}`, body],
      (head, body) => [head, `{"jti":"a",${body.slice(1)}`],
      (head, body) => [head, `{"x":{"a":1,"\\u0061":2},${body.slice(1)}`],
      (head, body) => [head, `{"x":1e400,${body.slice(1)}`],
      (head, body) => [head, `{"x":"\\udfff",${body.slice(1)}`],
      (head, body) => [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(head)]), body],
      (head, body) => [head, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(body)])],
      (head, body) => [head, Buffer.concat([Buffer.from([0xff]), Buffer.from(body)])],
      (head, body) => [head, `[${body}]`],
      (head, body) => [` ${head}`, `${body}\n`],
    ),
    finished(
      () => undefined,
      () => '',
      (jws) => `${jws}=`,
      (jws) => `${jws}.`,
      (jws) => ` ${jws} `,
      (jws) => `${jws}, ${jws}`,
      (jws) => jws.slice(0, -2),
      (jws) => jws.replace('.', '..'),
      (jws) => `${jws.slice(0, -4)}AAAA`,
      respell,
    ),
    request(
      { method: 'POST' },
      { url: `${url}?q=1` },
      { url: `${url}/` },
      { url: `${resource}/%74ools` },
      { scheme: 'Bearer' },
      { scheme: 'dpop' },
      { scheme: 'DPoP ' },
      { scheme: 'Basic' },
      { isReplayed: true },
    ),
    confirmation(
      { jkt: thumbprint, 'x5t#S256': 'A'.repeat(43) },
      { jkt: thumbprint, x: 1 },
      { 'x5t#S256': 'A'.repeat(43) },
    ),
    confirmation({ jkt: jktOf(stranger) }, { jkt: `${thumbprint}=` }, { jkt: 5 }, { jwk: {} }, {}, ...mistyped),
  ]
}

export interface PairKeys {
  readonly issuers: readonly { readonly kid: string; readonly key: RawKey }[]
  readonly agent: RawKey
  readonly stranger: RawKey
}

let serial = 0

export function pairsOf({ issuers, agent, stranger }: PairKeys): fc.Arbitrary<Pair> {
  const jkt = jktOf(agent)
  const ofToken = fc.oneof(...tokenBends).map(
    (bend): Bend =>
      (plan) => ({ ...plan, token: bend(plan.token) }),
  )
  const any = fc.oneof(
    { weight: 1, arbitrary: ofToken },
    { weight: 2, arbitrary: fc.oneof(...pairBends(stranger, jkt)) },
  )
  return fc.tuple(fc.constantFrom(...issuers), fc.array(any, { maxLength: 3 })).map(([{ key, kid }, bends]) => {
    serial += 1
    const plan: Plan = {
      token: draftOf(key, kid, jkt),
      proof: {
        key: agent,
        header: { typ: 'dpop+jwt', alg: agent.algorithm, jwk: agent.publicJwk },
        claims: { jti: `proof-${serial}`, htm: 'GET', htu: url, iat: now },
        texts: (head, body) => [head, body],
        finish: (jws) => jws,
      },
      request: { method: 'GET', url, scheme: 'DPoP', isReplayed: false },
    }
    const made = bends.reduce((bent, bend) => bend(bent), plan)
    const token = write(made.token)
    return { token, proof: writeProof(made.proof, token), ...made.request }
  })
}

function writeProof(
  { key, header: members, claims, texts: spell, finish }: ProofDraft,
  token: string,
): string | undefined {
  const [head, body] = spell(JSON.stringify(members), JSON.stringify({ ath: sha256(token), ...claims }))
  const input = `${encode(head)}.${encode(body)}`
  return finish(`${input}.${encode(signBytes(key, input))}`)
}
