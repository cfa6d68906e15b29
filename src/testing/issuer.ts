import type { JSONWebKeySet } from 'jose'
import type { Algorithm, IssuerOptions } from '../types/options.ts'
import { createTestAgent, type TestAgent, type TestAgentOptions } from './agent.ts'
import { createTestClock, type TestClock } from './clock.ts'
import { generateSigningKey, type SigningKey, signJws } from './signing.ts'

/** An authorization server in memory; it has no endpoint, no network and no policy: it signs what it is asked for. */
export interface TestIssuer {
  readonly issuer: string
  readonly clock: TestClock
  readonly resource: string
  /** Public keys; the same object before and after {@link TestIssuer.rotateKey}, and a verifier may have read it at creation. */
  readonly jwks: JSONWebKeySet
  /** To hand to `agentAuth` or `createVerifier` as `issuer`. */
  readonly options: IssuerOptions
  /** Makes an agent with a fresh proof key; it registers nothing. */
  agent(subject: string, options?: TestAgentOptions): Promise<TestAgent>
  /** Signs an access token (RFC 9068); it does not check that a verifier would take it. */
  token(input: TokenInput): Promise<string>
  /** A fresh key with a new kid replaces the old one; tokens already made keep their signature. */
  rotateKey(): Promise<void>
}

/** What an issuer is called and signs with; it does not set what a verifier trusts. */
export interface TestIssuerOptions {
  /** The audience of tokens unless they name another. */
  resource: string
  /** Default `https://as.example.test`. */
  issuer?: string | undefined
  /** Default: a clock of its own that starts at 2026-01-01. */
  clock?: TestClock | undefined
  /** Default ES256. */
  algorithm?: Algorithm | undefined
  /** Of the first key. Default: its RFC 7638 thumbprint. */
  keyId?: string | undefined
}

/** What a token says; times in seconds. Everything can be laid over, so a test can make any token it wants refused. */
export interface TokenInput {
  /** Who performs the action; the token is bound to its certificate when it has one, else to its DPoP key. */
  agent: TestAgent
  /** The human on whose behalf: the token's subject, and the agent its actor. Without human or service the agent is the subject. */
  human?: string | undefined
  /** The same with a service as the principal. */
  service?: string | undefined
  /** Earlier actors, most recent first. */
  via?: readonly TestAgent[] | undefined
  scopes?: readonly string[] | undefined
  /** Default: the issuer's `resource`. */
  audience?: string | readonly string[] | undefined
  /** Default 300. */
  lifetimeSeconds?: number | undefined
  bind?: 'dpop' | 'mtls' | 'both' | 'none' | undefined
  /** Laid over the claims; `undefined` deletes. */
  claims?: Record<string, unknown> | undefined
  /** Laid over the JOSE header; `undefined` deletes. */
  header?: Record<string, unknown> | undefined
}

/** Makes an issuer with a fresh signing key; it serves nothing, so hand its `options` to the verifier. */
export async function createTestIssuer(options: TestIssuerOptions): Promise<TestIssuer> {
  const { resource, issuer = 'https://as.example.test', clock = createTestClock(), algorithm = 'ES256' } = options
  const jwks: JSONWebKeySet = { keys: [] }
  let signer = await publishKey(jwks, algorithm, options.keyId)
  return {
    issuer,
    clock,
    resource,
    jwks,
    options: { issuer, jwks },
    agent: (subject, agentOptions = {}) => createTestAgent(subject, { issuer, clock }, agentOptions),
    async token(input) {
      const claims = { ...claimsFor(input, { issuer, clock, resource }), ...input.claims }
      return signJws(signer.key, { typ: 'at+jwt', alg: algorithm, kid: signer.keyId, ...input.header }, claims)
    },
    async rotateKey() {
      signer = await publishKey(jwks, algorithm)
    },
  }
}

async function publishKey(
  jwks: JSONWebKeySet,
  algorithm: Algorithm,
  keyId?: string,
): Promise<{ key: SigningKey; keyId: string }> {
  const key = await generateSigningKey(algorithm)
  const kid = keyId ?? key.thumbprint
  jwks.keys = [{ ...key.publicJwk, kid, alg: algorithm, use: 'sig' }]
  return { key, keyId: kid }
}

// RFC 9068 §2.2; the parties as draft-mcguinness-oauth-actor-profile writes them.
function claimsFor(
  input: TokenInput,
  home: Pick<TestIssuer, 'issuer' | 'clock' | 'resource'>,
): Record<string, unknown> {
  const issuedAt = Math.floor(home.clock.now() / 1000)
  return {
    iss: home.issuer,
    ...partiesOf(input),
    aud: input.audience ?? home.resource,
    client_id: input.agent.clientId,
    iat: issuedAt,
    exp: issuedAt + (input.lifetimeSeconds ?? 300),
    jti: crypto.randomUUID(),
    scope: input.scopes?.length ? input.scopes.join(' ') : undefined,
    cnf: confirmationOf(input),
  }
}

function partiesOf({ agent, human, service, via = [] }: TokenInput): Record<string, unknown> {
  if (human !== undefined && service !== undefined) throw new TypeError('human and service: a token has one principal')
  const principal = human ?? service
  if (principal !== undefined) {
    return { sub: principal, sub_profile: human === undefined ? 'service' : 'user', act: actorOf([agent, ...via]) }
  }
  if (via.length > 0) throw new TypeError('via: a chain needs a human or a service as principal')
  return { sub: agent.subject, sub_profile: 'ai_agent' }
}

// RFC 8693 §4.1: the outermost actor is the current one, earlier ones nest inside.
function actorOf(chain: readonly TestAgent[]): object | undefined {
  return chain.reduceRight<object | undefined>(
    (earlier, { subject, issuer }) => ({
      sub: subject,
      iss: issuer ?? undefined,
      sub_profile: 'ai_agent',
      act: earlier,
    }),
    undefined,
  )
}

function confirmationOf({ agent, bind }: TokenInput): Record<string, string> | undefined {
  const { certificate } = agent
  const binding = bind ?? (certificate ? 'mtls' : 'dpop')
  if (binding === 'none') return undefined
  if (binding === 'dpop') return { jkt: agent.jkt }
  if (!certificate) throw new TypeError(`bind: '${binding}' needs an agent made with certificate: true`)
  return { ...(binding === 'both' && { jkt: agent.jkt }), 'x5t#S256': certificate.thumbprint }
}
