type FetchInput = Parameters<typeof fetch>[0]

/** A request that is about to be sent, perhaps more than once. */
export interface Outgoing {
  readonly url: URL
  readonly method: string
  readonly input: FetchInput
  readonly init: RequestInit | undefined
  readonly headers: Headers
  readonly redirect: 'manual' | 'error'
  /** Its body can be sent twice, or it has none. */
  readonly isRepeatable: boolean
}

export function outgoing(input: FetchInput, init: RequestInit | undefined): Outgoing {
  const request = input instanceof Request ? input : undefined
  const body = init?.body ?? undefined
  return {
    url: new URL(request?.url ?? String(input)),
    method: normalised(init?.method ?? request?.method ?? 'GET'),
    input,
    init,
    headers: new Headers(init?.headers ?? request?.headers),
    redirect: (init?.redirect ?? request?.redirect) === 'manual' ? 'manual' : 'error',
    isRepeatable: body === undefined ? request?.body == null : isRepeatable(body),
  }
}

/** As `fetch` sends it (Fetch §2.2.1): the proof must say the same. */
function normalised(method: string): string {
  const upper = method.toUpperCase()
  return ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'].includes(upper) ? upper : method
}

function isRepeatable(body: unknown): boolean {
  if (typeof body === 'string' || body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return true
  return body instanceof URLSearchParams || body instanceof FormData || body instanceof Blob
}
