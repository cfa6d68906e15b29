import type { Directory } from 'onbehalf'
import { readAgent } from './agent-resource.ts'

export interface ScimOptions {
  /** Where the resources are, such as `https://scim.example.com/v2`. */
  readonly base: string
  /** The bearer token for the SCIM service. */
  readonly token: string
  /** The issuer whose subjects the service knows. */
  readonly issuer: string
  /** Shorter than the verifier's `hookTimeoutMs`, so that the request is given up as well. Default: 900. */
  readonly timeoutMs?: number
}

const largestAnswer = 65_536

/** A directory over the agents of a SCIM 2.0 service. Anything but a clear answer throws: the verifier answers 503 then. */
export function scimDirectory({ base, token, issuer, timeoutMs = 900 }: ScimOptions): Directory {
  const endpoint = endpointOf(base)
  return async ({ assertedBy, issuer: namespace, subject }) => {
    // Another issuer's travel-7 is another agent.
    if (assertedBy !== issuer || (namespace ?? issuer) !== issuer) return undefined
    const url = new URL(endpoint)
    url.searchParams.set('filter', `subject eq ${quote(subject)}`)
    url.searchParams.set('attributes', 'id,subject,active,owners')
    const response = await fetch(url, {
      headers: { accept: 'application/scim+json, application/json', authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await readText(response)
    if (response.status !== 200) throw new Error(`SCIM answered ${response.status}`)
    return readAgent(JSON.parse(text), subject)
  }
}

/** A value in a filter is a JSON text (RFC 7644 §3.4.2.2), so that no subject can add a condition. */
function quote(value: string): string {
  return JSON.stringify(value)
}

/** The token for the service goes over TLS, or stays on this machine. */
function endpointOf(base: string): URL {
  const url = new URL(`${base.replace(/\/$/, '')}/Agents`)
  const isLocal = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url.protocol !== 'https:' && !isLocal) throw new Error('base must be https, or http on a loopback host')
  return url
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > largestAnswer) throw new Error(`an answer of more than ${largestAnswer} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
