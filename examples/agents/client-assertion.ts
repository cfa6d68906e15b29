import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { SigningKey } from './signing-key.ts'

export interface AssertionInput {
  /** The client id, as the authorization server has registered it with this key. */
  readonly issuer: string
  readonly subject: string
  /** The issuer identifier of the authorization server. */
  readonly audience: string
}

/** RFC 7523 §3: short-lived, used once. */
function createAssertion(key: SigningKey, input: AssertionInput): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: key.algorithm })
    .setIssuer(input.issuer)
    .setSubject(input.subject)
    .setAudience(input.audience)
    .setIssuedAt()
    .setExpirationTime('30s')
    .setJti(randomUUID())
    .sign(key.privateKey)
}

/** RFC 7523 §2.2: the client proves who it is. */
export async function addClientAssertion(
  form: URLSearchParams,
  key: SigningKey,
  client: { id: string; audience: string },
): Promise<URLSearchParams> {
  form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  form.set(
    'client_assertion',
    await createAssertion(key, { issuer: client.id, subject: client.id, audience: client.audience }),
  )
  return form
}
