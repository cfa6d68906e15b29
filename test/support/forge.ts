/** A kit whose issuer key the test holds: it signs tokens of any shape, which {@link Kit.token} would not make. */
import { createTestIssuer } from 'onbehalf/testing'
import { type Members, makeRawKey, type Part, type RawKey, rawJws } from './jws.ts'
import { type Caller, createCaller, resource } from './kit.ts'

export interface Forge extends Caller<Members> {
  readonly key: RawKey
  /** Claims that pass everywhere (RFC 9068 §2.2), for alice; `undefined` deletes. */
  claims(changes?: Members): Members
  header(changes?: Members): Members
  token(claims?: Members, header?: Members): string
  /** Signs header and payload as given. */
  raw(header: Part, payload: Part): string
}

export interface ForgeOptions {
  /** Of the issuer's key. Default ES256. */
  readonly algorithm?: RawKey['algorithm']
  /** Whether the agent has a certificate. */
  readonly certificate?: boolean
}

export async function createForge({ algorithm = 'ES256', certificate = false }: ForgeOptions = {}): Promise<Forge> {
  const { clock, issuer, agent: createAgent } = await createTestIssuer({ resource })
  const agent = await createAgent('travel-7', { certificate })
  const key = await makeRawKey(algorithm)
  const jwks = { keys: [{ ...key.publicJwk, kid: 'k1', alg: algorithm, use: 'sig' }] }
  const claims: Forge['claims'] = (changes) => ({
    ...validClaims({ issuer, jkt: agent.jkt, nowMs: clock.now() }),
    jti: crypto.randomUUID(),
    ...changes,
  })
  const header: Forge['header'] = (changes) => ({ typ: 'at+jwt', alg: algorithm, kid: 'k1', ...changes })
  const token: Forge['token'] = (claimChanges, headerChanges) =>
    rawJws(key, header(headerChanges), claims(claimChanges))
  const caller = createCaller<Members>({ clock, agent, trust: { issuer, jwks }, verifier: {}, token })
  return { ...caller, key, claims, header, token, raw: (first, second) => rawJws(key, first, second) }
}

interface Holder {
  readonly issuer: string
  readonly jkt: string
  readonly nowMs: number
}

function validClaims({ issuer, jkt, nowMs }: Holder): Members {
  const now = Math.floor(nowMs / 1_000)
  return {
    iss: issuer,
    sub: 'alice',
    sub_profile: 'user',
    aud: resource,
    client_id: 'travel-app',
    iat: now,
    exp: now + 300,
    cnf: { jkt },
  }
}
