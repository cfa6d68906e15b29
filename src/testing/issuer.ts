import type { JSONWebKeySet } from 'jose'
import type { IssuerOptions } from '../types/issuer-options.ts'
import type { Algorithm } from '../types/options.ts'
import { createTestAgent, type TestAgent, type TestAgentOptions } from './agent.ts'
import { createTestClock, type TestClock } from './clock.ts'
import { generateSigningKey, type SigningKey, signJws } from './signing.ts'

/** An authorization server in memory. It has no endpoint and no policy: it signs every token it is asked for. */
export interface TestIssuer {
  /** Its issuer identifier, the `iss` of its tokens. */
  readonly issuer: string
  /** The clock its tokens and its agents' proofs are made by. Give it to the verifier as `clock`. */
  readonly clock: TestClock
  /** The usual audience of its tokens. */
  readonly resource: string
  /**
   * Its public keys. {@link TestIssuer.rotateKey} changes this object in place; a verifier that was given it before keeps
   * its copy.
   */
  readonly jwks: JSONWebKeySet
  /** The `issuer` option for `agentAuth` or `createVerifier`, with static keys. */
  readonly options: IssuerOptions
  /**
   * Makes an agent with a fresh proof key, or with one that lives elsewhere: `{ publicJwk, sign }`. It is not registered as
   * an agent anywhere.
   */
  agent(subject: string, options?: TestAgentOptions): Promise<TestAgent>
  /** Signs an access token (RFC 9068 §2). It does not check that a verifier would accept it. */
  token(input: TokenInput): Promise<string>
  /** Replaces the signing key by a fresh one with a new `kid`. Tokens made before keep their signature. */
  rotateKey(): Promise<void>
}

/** Name, clock and key of a test issuer. */
export interface TestIssuerOptions {
  /** The audience of tokens that name no other. Required. */
  resource: string
  /** Its issuer identifier. Default: `https://as.example.test`. */
  issuer?: string | undefined
  /** Its clock. Default: a new one that stands at 2026-01-01. */
  clock?: TestClock | undefined
  /** Algorithm of its signing keys. Default: ES256. */
  algorithm?: Algorithm | undefined
  /** The `kid` of its first key. Default: the RFC 7638 thumbprint of that key. */
  keyId?: string | undefined
}

/** The contents of a token. `claims` and `header` can replace anything, so that a test can make any token that must be refused. */
export interface TokenInput {
  /** Who performs the action. Its client id, key and certificate go into the token. Required. */
  agent: TestAgent
  /** The human who delegates: becomes the subject, and the agent becomes the actor (`act`). Default: the agent is the subject. */
  human?: string | undefined
  /** The same with a service in the place of the human. Both together throw TypeError. Default: no service. */
  service?: string | undefined
  /** Earlier actors, most recent first (RFC 8693 §4.1). They need a human or a service. Default: no earlier actor. */
  via?: readonly TestAgent[] | undefined
  /** The `scope` claim, one entry for each scope. Default: no scope. */
  scopes?: readonly string[] | undefined
  /** The `aud` claim. Default: the issuer's `resource`. */
  audience?: string | readonly string[] | undefined
  /** `exp` minus `iat`, in seconds. Default: 300. */
  lifetimeSeconds?: number | undefined
  /**
   * What the token is bound to: the agent's proof key, its certificate, both, or nothing. Default: `'mtls'` for an agent
   * with a certificate, else `'dpop'`.
   */
  bind?: 'dpop' | 'mtls' | 'both' | 'none' | undefined
  /** Claims to set or replace; `undefined` deletes one. Default: no change. */
  claims?: Record<string, unknown> | undefined
  /** Members of the JOSE header to set or replace; `undefined` deletes one. Default: no change. */
  header?: Record<string, unknown> | undefined
}

/** Makes an issuer with a fresh signing key. It serves nothing over the network: give its `options` to the verifier. */
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
