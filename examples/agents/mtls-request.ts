import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { json } from 'node:stream/consumers'

/** The client's end of a mutual TLS connection. */
export interface ClientIdentity {
  /** PEM. */
  readonly key: string
  /** PEM. */
  readonly cert: string
  /** Whom to trust as server, where it is not the public authorities. */
  readonly ca?: readonly string[] | undefined
}

export interface MtlsResponse {
  readonly status: number
  readonly challenge: string | null
  readonly body: unknown
}

/** `fetch` of Node 20 takes no client certificate; `node:https` does. */
export async function mtlsRequest(
  identity: Partial<ClientIdentity>,
  input: { method: string; url: string; headers?: Record<string, string>; body?: URLSearchParams },
): Promise<MtlsResponse> {
  const { ca, ...own } = identity
  const request = httpsRequest(input.url, {
    ...own,
    ...(ca && { ca: [...ca] }),
    method: input.method,
    headers: { ...input.headers, ...(input.body && { 'content-type': 'application/x-www-form-urlencoded' }) },
    // No pool: a connection that was opened with one certificate must never serve another.
    agent: false,
  })
  request.end(input.body?.toString())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return {
    status: response.statusCode ?? 0,
    challenge: response.headers['www-authenticate'] ?? null,
    body: await json(response),
  }
}
