import { generateKeyPair, type KeyObject, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { IssuerOptions } from 'onbehalf'
import { sha256 } from './raw.ts'

/** Issuers and agents that sign by the ten thousand: with node:crypto, which is several times as quick as the test kit. */

export const resource = 'https://api.example.test'
export const url: string = `${resource}/tools`

const algorithms = {
  ES256: { type: 'ec', options: { namedCurve: 'P-256' }, digest: 'sha256' },
  ES384: { type: 'ec', options: { namedCurve: 'P-384' }, digest: 'sha384' },
  PS256: { type: 'rsa', options: { modulusLength: 4096 }, digest: 'sha256' },
} as const

export type BenchAlgorithm = keyof typeof algorithms
export type Jwk = Readonly<Record<string, string>>
export type Claims = Readonly<Record<string, unknown>>

export interface Signer {
  readonly algorithm: BenchAlgorithm
  readonly jwk: Jwk
  /** RFC 7638. */
  readonly jkt: string
  readonly publicKey: KeyObject
  sign(header: Claims, claims: Claims): string
}

export async function createSigner(algorithm: BenchAlgorithm = 'ES256'): Promise<Signer> {
  const { type, options, digest } = algorithms[algorithm]
  const { publicKey, privateKey } = await (generate as Generate)(type, options)
  const jwk = publicKey.export({ format: 'jwk' }) as Jwk
  const key = { key: privateKey, ...(type === 'rsa' ? pss : p1363) }
  return {
    algorithm,
    jwk,
    jkt: thumbprintOf(jwk),
    publicKey,
    sign(header, claims) {
      const input = `${encode(header)}.${encode(claims)}`
      return flat(`${input}.${sign(digest, Buffer.from(input), key).toString('base64url')}`)
    },
  }
}

type Generate = (type: string, options: object) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>
const generate: unknown = promisify(generateKeyPair)
const p1363 = { dsaEncoding: 'ieee-p1363' } as const
/** RSA_PKCS1_PSS_PADDING, the salt as long as the hash (RFC 7518 §3.5). */
const pss = { padding: 6, saltLength: 32 }

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function thumbprintOf({ kty, crv, x, y, e, n }: Jwk): string {
  return sha256(JSON.stringify(kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }))
}

/** As a server's parser makes them: a string of one piece, not of the pieces it was joined from. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

export interface Authority {
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly options: IssuerOptions & { readonly jwks: { readonly keys: Jwk[] } }
  /** A delegated token as RFC 9068 and RFC 8693 write it: alice's, in the agent's hands. */
  token(cnf: Claims, more?: TokenInput): string
}

export interface TokenInput {
  readonly depth?: number
  readonly lifetimeSeconds?: number
  readonly header?: Claims
  readonly claims?: Claims
}

const maxTokenSeconds = 3_600

export async function createAuthority(issuer: string = 'https://as.example.test'): Promise<Authority> {
  const signer = await createSigner()
  const kid = signer.jkt
  return {
    issuer,
    publicKey: signer.publicKey,
    options: { issuer, jwks: { keys: [{ ...signer.jwk, kid, alg: 'ES256', use: 'sig' }] }, maxTokenSeconds },
    token(cnf, { depth = 1, lifetimeSeconds = maxTokenSeconds, header, claims } = {}) {
      const iat = nowSeconds()
      return signer.sign(
        { typ: 'at+jwt', alg: 'ES256', kid, ...header },
        {
          iss: issuer,
          sub: 'alice',
          sub_profile: 'user',
          act: actorOf(issuer, depth),
          aud: resource,
          client_id: 'travel-7',
          iat,
          exp: iat + lifetimeSeconds,
          jti: randomUUID(),
          scope: 'tools:read tools:list',
          cnf,
          ...claims,
        },
      )
    },
  }
}

function actorOf(iss: string, depth: number): object | undefined {
  if (depth === 0) return undefined
  return { sub: `travel-${depth}`, iss, sub_profile: 'ai_agent', act: actorOf(iss, depth - 1) }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000)
}

/** A client: its key, its token, and proofs for it. */
export interface Agent {
  readonly signer: Signer
  readonly token: string
  proof(more?: { header?: Claims; claims?: Claims }): string
}

export async function createAgent(
  authority: Authority,
  more: TokenInput = {},
  algorithm?: BenchAlgorithm,
): Promise<Agent> {
  const signer = await createSigner(algorithm)
  return agentOf(signer, authority.token({ jkt: signer.jkt }, more))
}

export function agentOf(signer: Signer, token: string): Agent {
  const ath = sha256(token)
  return {
    signer,
    token,
    proof({ header, claims } = {}) {
      return signer.sign(
        { typ: 'dpop+jwt', alg: signer.algorithm, jwk: signer.jwk, ...header },
        { jti: randomUUID(), htm: 'GET', htu: url, iat: nowSeconds(), ath, ...claims },
      )
    },
  }
}

/** The last octet of the signature turned: the form is right, the signature is not. */
export function withBadSignature(jws: string): string {
  const end = jws.lastIndexOf('.')
  const octets = Buffer.from(jws.slice(end + 1), 'base64url')
  octets[octets.length - 1] = (octets.at(-1) ?? 0) ^ 1
  return flat(`${jws.slice(0, end)}.${octets.toString('base64url')}`)
}
