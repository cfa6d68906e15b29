import { randomUUID } from 'node:crypto'
import { base64url } from 'jose'
import type { HardwareKey } from './hardware-key.ts'

/** RFC 7523 §3: short-lived, used once. */
export async function createAssertion(key: HardwareKey, client: { id: string; audience: string }): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: client.id,
    sub: client.id,
    aud: client.audience,
    iat: issuedAt,
    exp: issuedAt + 30,
    jti: randomUUID(),
  }
  // RFC 7515 §5.1. jose signs with keys that it holds only.
  const input = `${encode({ alg: key.algorithm })}.${encode(claims)}`
  return `${input}.${base64url.encode(await key.sign(new TextEncoder().encode(input)))}`
}

function encode(value: object): string {
  return base64url.encode(JSON.stringify(value))
}
