import { createTestIssuer, requestView, type TestAgent, type TestClock } from 'onbehalf/testing'
import {
  type AgentContext,
  createVerifier,
  type IssuerOptions,
  type RefusalCode,
  type Verdict,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.ts'
import { type Members, makeRawKey, type Part, type RawKey, rawJws } from './raw-jws.ts'

/** One issuer whose key the test holds, one agent, one resource: tokens of any shape, sent like a request. */
export interface Scene {
  readonly resource: string
  readonly url: string
  readonly clock: TestClock
  readonly key: RawKey
  readonly issuer: IssuerOptions
  readonly agent: TestAgent
  /** Claims that pass everywhere; `undefined` deletes. */
  claims(changes?: Members): Members
  header(changes?: Members): Members
  token(claims?: Members, header?: Members): string
  /** Signed as given. */
  raw(header: Part, payload: Part): string
  verifier(issuer?: Partial<IssuerOptions>, options?: Partial<VerifierOptions>): Verifier
  /** With a fresh proof of the agent; `change` tampers with it. */
  send(verifier: Verifier, token: string, change?: Change): Promise<Verdict>
}

export interface Change {
  readonly scheme?: 'DPoP' | 'Bearer'
  readonly proofClaims?: Members
  readonly proofHeader?: Members
  /** Sent in the place of the agent's proof; null sends none. */
  readonly proof?: string | null
  readonly agent?: TestAgent
  readonly certificate?: Uint8Array
}

export type Outcome = 'admitted' | RefusalCode

export interface SceneOptions {
  readonly algorithm?: RawKey['algorithm']
  readonly certificate?: boolean
}

export async function createScene({ algorithm = 'ES256', certificate = false }: SceneOptions = {}): Promise<Scene> {
  const resource = 'https://api.example.test'
  const url = `${resource}/tools`
  const kit = await createTestIssuer({ resource })
  const agent = await kit.agent('travel-7', { certificate })
  const key = await makeRawKey(algorithm)
  const issuer: IssuerOptions = {
    issuer: kit.issuer,
    jwks: { keys: [{ ...key.publicJwk, kid: 'k1', alg: algorithm, use: 'sig' }] },
  }
  const scene: Scene = {
    resource,
    url,
    clock: kit.clock,
    key,
    issuer,
    agent,
    claims: (changes) => ({ ...validClaims(scene), ...changes }),
    header: (changes) => ({ typ: 'at+jwt', alg: algorithm, kid: 'k1', ...changes }),
    token: (claims, header) => rawJws(key, scene.header(header), scene.claims(claims)),
    raw: (header, payload) => rawJws(key, header, payload),
    verifier: (changes, options) =>
      createVerifier({ issuer: { ...issuer, ...changes }, resource, clock: kit.clock, ...options }),
    send: (verifier, token, change = {}) => sendToken(scene, verifier, token, change),
  }
  return scene
}

/** RFC 9068 §2.2. */
function validClaims({ issuer, resource, clock, agent }: Scene): Members {
  const now = Math.floor(clock.now() / 1_000)
  return {
    iss: issuer.issuer,
    sub: 'alice',
    sub_profile: 'user',
    aud: resource,
    client_id: 'travel-app',
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    cnf: { jkt: agent.jkt },
  }
}

async function sendToken(scene: Scene, verifier: Verifier, token: string, change: Change): Promise<Verdict> {
  const { scheme = 'DPoP', agent = scene.agent, certificate } = change
  const proof =
    change.proof === undefined
      ? await agent.proof({
          method: 'GET',
          url: scene.url,
          token,
          claims: change.proofClaims,
          header: change.proofHeader,
        })
      : change.proof
  const headers = { authorization: `${scheme} ${token}`, ...(proof !== null && { dpop: proof }) }
  return verifier.check(requestView({ url: scene.url, headers, certificate }))
}

export function outcomeOf(verdict: Verdict): Outcome {
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

export function contextIn(verdict: Verdict): AgentContext {
  if (!verdict.ok) throw new Error(`refused: ${verdict.refusal.code}`)
  return verdict.context
}
