import { createHash } from 'node:crypto'
import { decodeJwt, type JWK } from 'jose'
import type { RemoteKey } from '../types/client-options.ts'
import type { Algorithm, Clock } from '../types/options.ts'
import { createTestCertificate, type TestCertificate } from './certificate.ts'
import { generateSigningKey, readRemoteKey, type SigningKey, signJws } from './signing.ts'

/** A client with its own proof key. It makes proofs and headers; it sends no request. */
export interface TestAgent {
  /** The `sub` of its tokens, or of its `act` where it acts for somebody. */
  readonly subject: string
  /** The `client_id` of its tokens. */
  readonly clientId: string
  /** The `iss` beside its `sub` in an `act`; null leaves `iss` out. */
  readonly issuer: string | null
  /** RFC 7638 thumbprint of the proof key, as it stands in `cnf.jkt`. */
  readonly jkt: string
  /** The proof key without its private members. */
  readonly publicJwk: JWK
  /** Its client certificate, when it was made with one. */
  readonly certificate?: TestCertificate
  /** Signs a DPoP proof (RFC 9449 §4.2). It does not check that the token is this agent's. */
  proof(input: ProofInput): Promise<string>
  /**
   * Headers ready to send with `method` to `url`: the scheme `DPoP` and a fresh proof; or the scheme `Bearer` alone when
   * the agent has a certificate and the token is bound to a certificate only.
   */
  headers(
    method: string,
    url: string,
    token: string,
    options?: Omit<ProofInput, 'method' | 'url' | 'token'>,
  ): Promise<Record<string, string>>
}

/** What a proof is made for. Nothing in it is checked, so that a test can make any proof that must be refused. */
export interface ProofInput {
  /** The `htm` claim. Required. */
  method: string
  /** The absolute URL for the `htu` claim: its query and fragment are left out, nothing else is changed. Required. */
  url: string
  /** The access token whose SHA-256 becomes the `ath` claim. Default: no `ath`. */
  token?: string | undefined
  /** The `nonce` claim. Default: no `nonce`. */
  nonce?: string | undefined
  /** Claims to set or replace; `undefined` deletes one. Default: no change. */
  claims?: Record<string, unknown> | undefined
  /** Members of the JOSE header to set or replace; `undefined` deletes one. Default: no change. */
  header?: Record<string, unknown> | undefined
}

/** How an agent differs from the usual one. */
export interface TestAgentOptions {
  /**
   * Algorithm of the proof key. Default: ES256, or that of `publicJwk`; another one than that of `publicJwk` throws
   * TypeError.
   */
  algorithm?: Algorithm | undefined
  /**
   * The public half of a proof key that lives elsewhere, such as in a PKCS #11 token, with the meaning that it has in the
   * `key` of `dpopFetch()`: `alg` or the kind of the key says which algorithm it is (RFC 7517 §4.4). Only its public members
   * are taken. It needs `sign`, and it is not checked that both belong together. TypeError where it is no key that can sign
   * proofs. Default: a fresh key pair.
   */
  publicJwk?: RemoteKey['publicJwk'] | undefined
  /**
   * Signs these bytes with the private half of `publicJwk`, which it needs, and gives the signature in the form of JWS (RFC
   * 7515): for ECDSA, R and S one after the other. What it throws, `proof` and `headers` throw. Default: a fresh key pair.
   */
  sign?: RemoteKey['sign'] | undefined
  /** The `client_id` of its tokens. Default: the subject. */
  clientId?: string | undefined
  /** Whether it has a client certificate, which needs the optional package `node-forge`. Default: false. */
  certificate?: boolean | undefined
  /** The `iss` beside its `sub` in an `act`; null leaves it out. Default: the issuer that makes the agent. */
  issuer?: string | null | undefined
}

export async function createTestAgent(
  subject: string,
  home: { issuer: string; clock: Clock },
  options: TestAgentOptions,
): Promise<TestAgent> {
  const key = await proofKeyFor(options)
  const certificate = options.certificate ? await createTestCertificate({ commonName: subject }) : undefined
  const proof = (input: ProofInput) => signProof(key, home.clock, input)
  return {
    subject,
    clientId: options.clientId ?? subject,
    issuer: options.issuer === undefined ? home.issuer : options.issuer,
    jkt: key.thumbprint,
    publicJwk: key.publicJwk,
    ...(certificate && { certificate }),
    proof,
    async headers(method, url, token, more) {
      if (certificate && isBoundToCertificateOnly(token)) return { authorization: `Bearer ${token}` }
      return { authorization: `DPoP ${token}`, dpop: await proof({ ...more, method, url, token }) }
    },
  }
}

function proofKeyFor(options: TestAgentOptions): Promise<SigningKey> {
  const { algorithm, publicJwk, sign } = options
  if (publicJwk === undefined && sign === undefined) return generateSigningKey(algorithm ?? 'ES256')
  return readRemoteKey(options as Partial<RemoteKey>, algorithm)
}

// RFC 9449 §4.2
function signProof(key: SigningKey, clock: Clock, input: ProofInput): Promise<string> {
  const header = { typ: 'dpop+jwt', alg: key.algorithm, jwk: key.publicJwk, ...input.header }
  const claims = {
    jti: crypto.randomUUID(),
    htm: input.method,
    htu: input.url.replace(/[?#].*$/s, ''),
    iat: Math.floor(clock.now() / 1000),
    ath: input.token === undefined ? undefined : createHash('sha256').update(input.token).digest('base64url'),
    nonce: input.nonce,
    ...input.claims,
  }
  return signJws(key, header, claims)
}

function isBoundToCertificateOnly(token: string): boolean {
  const cnf = decodeConfirmation(token)
  return cnf !== undefined && 'x5t#S256' in cnf && !('jkt' in cnf)
}

// Tests also send text that is no token; it goes out under DPoP.
function decodeConfirmation(token: string): object | undefined {
  try {
    const { cnf } = decodeJwt(token)
    return typeof cnf === 'object' && cnf !== null ? cnf : undefined
  } catch {
    return undefined
  }
}
