import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { SigningKey } from './signing-key.ts'

export interface AssertingClient {
  /** As the authorization server has registered it with this key. */
  readonly id: string
  /** The issuer identifier of the authorization server. */
  readonly audience: string
}

/** RFC 7523 §3: short-lived, used once. */
function createAssertion(key: SigningKey, { id, audience }: AssertingClient): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: key.algorithm })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('30s')
    .setJti(randomUUID())
    .sign(key.privateKey)
}

/** RFC 7523 §2.2: the client proves who it is. */
export async function addClientAssertion(
  form: URLSearchParams,
  key: SigningKey,
  client: AssertingClient,
): Promise<URLSearchParams> {
  form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  form.set('client_assertion', await createAssertion(key, client))
  return form
}
