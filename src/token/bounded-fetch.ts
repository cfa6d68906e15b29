/** Requests to an issuer: bounded in time and size, without redirects and cookies. */

/** `signal` ends everything under way: the deadline of the whole errand, or close(). */
export interface FetchPolicy {
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
}

export interface OwnRequest {
  readonly headers: Readonly<Record<string, string>>
  /** A form makes the request a POST. */
  readonly form?: URLSearchParams
  readonly maxBytes: number
}

/** Why a request failed, in our own words: the text holds nothing that was sent. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/** The body of an answer with status 200. Throws for everything that goes wrong. */
export async function fetchBody(url: string, request: OwnRequest, { fetch, signal }: FetchPolicy): Promise<Buffer> {
  signal.throwIfAborted()
  // Raced as well: a fetch of the user's own may not heed the signal.
  return Promise.race([exchange(url, request, fetch, signal), whenAborted(signal)])
}

async function exchange(
  url: string,
  { headers, form, maxBytes }: OwnRequest,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<Buffer> {
  // `cache` counts where a framework puts a cache behind fetch; the types of Node do not know it.
  const init: RequestInit & { cache: 'no-store' } = {
    redirect: 'error',
    credentials: 'omit',
    cache: 'no-store',
    headers: form === undefined ? { ...headers } : { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    signal,
    ...(form !== undefined && { method: 'POST', body: form.toString() }),
  }
  const response = await fetcher(url, init)
  if (response.status !== 200) throw new AnswerError(`answered ${response.status}`)
  return readBody(response, maxBytes, signal)
}

export function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    signal.throwIfAborted()
    size += chunk.length
    if (size > maxBytes) throw new AnswerError('answered too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Runs an errand whose signal aborts after `timeoutMs`, or with `closing`. */
export async function withinTime<T>(
  timeoutMs: number,
  closing: AbortSignal,
  errand: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController()
  const giveUp = () => deadline.abort(new AnswerError(`no answer within ${timeoutMs} ms`))
  const close = () => deadline.abort(new AnswerError('closed'))
  const timer = setTimeout(giveUp, timeoutMs)
  closing.addEventListener('abort', close)
  if (closing.aborted) close()
  try {
    return await errand(deadline.signal)
  } finally {
    clearTimeout(timer)
    closing.removeEventListener('abort', close)
    // Frees the connection of an answer that was not read.
    deadline.abort()
  }
}
