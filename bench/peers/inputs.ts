import { randomBytes } from 'node:crypto'
import { createAgent, createAuthority, type Jwk, resource, url, withBadSignature } from '../keys.ts'
import { sha256 } from '../raw.ts'

/** The same requests for every contender of a round; no private key is among them. */
export interface Inputs {
  readonly issuer: string
  readonly jwks: { readonly keys: Jwk[] }
  readonly resource: string
  readonly url: string
  readonly kind: 'dpop' | 'mtls'
  readonly requests: readonly Request[]
  /** Must be refused: else the contender does not do the work. */
  readonly bad: Request
  readonly warmUp: number
  readonly blockSize: number
}

interface Request {
  readonly token: string
  readonly proof: string
  /** base64 of the client certificate. */
  readonly certificate: string
}

export type { Request as PeerRequest }

export async function makeDpopInputs(count: number, warmUp: number): Promise<Inputs> {
  const authority = await createAuthority()
  const agents = await Promise.all(Array.from({ length: 8 }, () => createAgent(authority)))
  const requests = Array.from({ length: count + warmUp }, (_, at) => {
    const agent = agents[at % agents.length] as (typeof agents)[number]
    return { token: agent.token, proof: agent.proof(), certificate: '' }
  })
  const good = requests[0] as Request
  const bad = { ...good, proof: withBadSignature(good.proof) }
  return { ...describe(authority), kind: 'dpop', requests, bad, warmUp, blockSize: 100 }
}

/** Tokens come again and again, as they do; each contender remembers them if it can. */
export async function makeMtlsInputs(count: number, warmUp: number): Promise<Inputs> {
  const authority = await createAuthority()
  const clients = Array.from({ length: 200 }, () => {
    const der = randomBytes(900)
    return { token: authority.token({ 'x5t#S256': sha256(der) }), proof: '', certificate: der.toString('base64') }
  })
  const requests = Array.from({ length: count + warmUp }, (_, at) => clients[at % clients.length] as Request)
  const good = requests[0] as Request
  const bad = { ...good, token: withBadSignature(good.token) }
  return { ...describe(authority), kind: 'mtls', requests, bad, warmUp, blockSize: 500 }
}

function describe({ issuer, options }: Awaited<ReturnType<typeof createAuthority>>) {
  return { issuer, jwks: options.jwks, resource, url }
}
