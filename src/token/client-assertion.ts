import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { fixed } from '../options/defaults.ts'
import type { ClientPolicy } from '../options/introspection.ts'

/** How this resource authenticates itself to its issuer: fields and form members of one request. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
}

/** Made anew for each request: an assertion is used once (RFC 7523 §3). `nowMs` is wall time. */
export async function proveClient(client: ClientPolicy, issuer: string, nowMs: number): Promise<ClientProof> {
  if ('secret' in client) return { headers: { authorization: basicCredentials(client) }, form: {} }
  const { privateKey, alg, kid } = client.key
  const iat = Math.floor(nowMs / 1_000)
  const assertion = await new SignJWT({
    iss: client.id,
    sub: client.id,
    aud: issuer,
    jti: randomUUID(),
    iat,
    exp: iat + fixed.assertionSeconds,
  })
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
    .sign(privateKey)
  // RFC 7523 §2.2.
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  return { headers: {}, form: { client_assertion_type: type, client_assertion: assertion } }
}

/** RFC 6749 §2.3.1: id and secret are form-urlencoded before RFC 7617 joins them. */
function basicCredentials({ id, secret }: { readonly id: string; readonly secret: string }): string {
  return `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}`
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
