import { createHash } from 'node:crypto'
import { decodeJwt, type JWK } from 'jose'
import type { Algorithm, Clock } from '../types/options.ts'
import { createTestCertificate, type TestCertificate } from './certificate.ts'
import { generateSigningKey, type SigningKey, signJws } from './signing.ts'

/** A client with its own proof key; it sends nothing. */
export interface TestAgent {
  readonly subject: string
  readonly clientId: string
  /** What an `act` calls the namespace of the subject; null leaves it out. */
  readonly issuer: string | null
  /** RFC 7638 thumbprint of the proof key. */
  readonly jkt: string
  readonly publicJwk: JWK
  readonly certificate?: TestCertificate
  /** Signs a DPoP proof; it does not check that the token is this agent's. */
  proof(input: ProofInput): Promise<string>
  /** Headers ready to send with `method` to `url`: `DPoP` and a fresh proof, or `Bearer` alone when the agent has a certificate and the token is bound to one only. */
  headers(
    method: string,
    url: string,
    token: string,
    options?: Omit<ProofInput, 'method' | 'url' | 'token'>,
  ): Promise<Record<string, string>>
}

/** What a proof is made for; nothing of it is checked, so a test can make any proof it wants refused. */
export interface ProofInput {
  method: string
  /** Absolute; query and fragment are left out of `htu`, nothing else is changed. */
  url: string
  /** Makes `ath`. */
  token?: string | undefined
  nonce?: string | undefined
  /** Laid over the claims; `undefined` deletes. */
  claims?: Record<string, unknown> | undefined
  /** Laid over the JOSE header; `undefined` deletes. */
  header?: Record<string, unknown> | undefined
}

/** How an agent differs from the usual one. */
export interface TestAgentOptions {
  /** Of the proof key. Default ES256. */
  algorithm?: Algorithm | undefined
  /** Default: the subject. */
  clientId?: string | undefined
  /** Default false. True needs the optional package `node-forge`. */
  certificate?: boolean | undefined
  /** Default: the issuer that makes the agent. */
  issuer?: string | null | undefined
}

export async function createTestAgent(
  subject: string,
  home: { issuer: string; clock: Clock },
  options: TestAgentOptions,
): Promise<TestAgent> {
  const key = await generateSigningKey(options.algorithm ?? 'ES256')
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
  const cnf = readConfirmation(token)
  return cnf !== undefined && 'x5t#S256' in cnf && !('jkt' in cnf)
}

// Tests also send tokens that are none; they go out under DPoP.
function readConfirmation(token: string): object | undefined {
  try {
    const { cnf } = decodeJwt(token)
    return typeof cnf === 'object' && cnf !== null ? cnf : undefined
  } catch {
    return undefined
  }
}
