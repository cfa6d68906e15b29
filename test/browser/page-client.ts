import type { JWK } from 'jose'

/** A client that lives in a page: its key never leaves the browser's key store. */
export interface PageClient {
  readonly publicJwk: JWK
  /** The name of the error that exporting the private key throws; undefined if the export succeeded. */
  readonly exportError: string | undefined
  call(request: PageRequest): Promise<PageReply>
}

export interface PageRequest {
  readonly url: string
  readonly token: string
  /** Seconds, by the API's clock. */
  readonly issuedAt: number
  readonly nonce: string | null
}

/** What the script is allowed to know of the answer. */
export type PageReply = PageAnswer | { readonly status: null; readonly error: string }

export interface PageAnswer {
  readonly status: number
  readonly challenge: string | null
  readonly nonce: string | null
  readonly total: string | null
  readonly text: string
}

/** Runs in the page, from its text alone: everything it needs is inside. RFC 9449 §4.2 with nothing but WebCrypto and fetch. */
export async function createPageClient(): Promise<PageClient> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const publicJwk = { kty, crv, x, y } as JWK

  async function call(request: PageRequest): Promise<PageReply> {
    const headers = { authorization: `DPoP ${request.token}`, dpop: await proofFor(request) }
    try {
      const response = await fetch(request.url, { headers, signal: AbortSignal.timeout(8_000) })
      return {
        status: response.status,
        challenge: response.headers.get('WWW-Authenticate'),
        nonce: response.headers.get('DPoP-Nonce'),
        total: response.headers.get('X-Total'),
        text: await response.text(),
      }
    } catch (error) {
      return { status: null, error: (error as Error).name }
    }
  }

  async function proofFor({ url, token, issuedAt, nonce }: PageRequest): Promise<string> {
    const ath = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)))
    const claims = {
      jti: crypto.randomUUID(),
      htm: 'GET',
      htu: url,
      iat: issuedAt,
      ath,
      ...(nonce !== null && { nonce }),
    }
    const input = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk })}.${encode(claims)}`
    return `${input}.${base64url(await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(input)))}`
  }

  function encode(value: object): string {
    return base64url(new TextEncoder().encode(JSON.stringify(value)))
  }

  function base64url(bytes: ArrayBuffer | Uint8Array): string {
    const text = btoa(String.fromCharCode(...new Uint8Array(bytes)))
    return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  }

  const exportError = await crypto.subtle.exportKey('jwk', privateKey).then(
    () => undefined,
    (error: Error) => error.name,
  )
  return { publicJwk, exportError, call }
}
