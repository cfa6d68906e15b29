import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'

/** The keys that sign, with those before and after: a cached key set has a key before it is used. */
export interface SigningKeys {
  /** Private keys, the one that signs first. */
  readonly jwks: { readonly keys: readonly JWK[] }
  /** The next key signs from now on; the one before it stays until the rotation after this one. */
  rotate(): Promise<SigningKeys>
}

/** Fresh keys, which never leave this process. A server that keeps its keys over a restart has them in a KMS. */
export async function createSigningKeys(): Promise<SigningKeys> {
  return of(await generateKey(), await generateKey())
}

function of(current: JWK, next: JWK, previous?: JWK): SigningKeys {
  return {
    jwks: { keys: [current, next, ...(previous === undefined ? [] : [previous])] },
    rotate: async () => of(next, await generateKey(), current),
  }
}

async function generateKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }
}
