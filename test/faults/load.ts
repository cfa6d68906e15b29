import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus } from 'node:os'
import { performance } from 'node:perf_hooks'
import { createVerifier, type Verifier, type VerifierOptions } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { type Connection, openConnections } from '../../bench/http/client.ts'
import { jktOf } from '../properties/rig.ts'
import { sha256 } from '../support/bytes.ts'
import { makeRawKey, type RawKey, rawJws } from '../support/jws.ts'
import { issuerUrl, resource, url } from '../support/kit.ts'

/** An API on a socket of loopback, its issuer, and agents that send at a pace. Everything goes by the machine's clock. */
export interface Stage {
  readonly verifier: Verifier
  /** How often the keys were fetched. */
  readonly fetches: number
  /** The bytes of a request that is right in everything, by one of the agents. */
  good(): string
  /** Of the same kind, wrong in one thing. */
  expired(): string
  unknownKey(): string
  forgedToken(): string
  forgedProof(): string
  readonly connections: readonly Connection[]
  close(): Promise<void>
}

export interface StageOptions {
  readonly agents: number
  readonly tokens: number
  readonly connections: number
  /** Whether the verifier has to fetch the keys. */
  readonly isRemote: boolean
  readonly verifier?: Partial<VerifierOptions>
}

/** Seconds after which a token is replaced. */
const renewSeconds = 100

const secondsNow = () => Math.floor(Date.now() / 1_000)

export async function createStage(options: StageOptions): Promise<Stage> {
  const [issuerKey, ...agents] = await Promise.all(
    Array.from({ length: options.agents + 1 }, () => makeRawKey('ES256')),
  )
  if (issuerKey === undefined) throw new Error('no key')
  const jwks = { keys: [{ ...issuerKey.publicJwk, kid: 'k1', alg: 'ES256', use: 'sig' }] }
  let fetches = 0
  const verifier = createVerifier({
    issuer: options.isRemote
      ? { issuer: issuerUrl, jwksUri: `${issuerUrl}/keys` }
      : { issuer: issuerUrl, jwks: jwks as never },
    resource,
    mtls: false,
    fetch: async () => {
      fetches++
      return Response.json(jwks)
    },
    ...options.verifier,
  })
  const gate = createNodeGate(verifier)
  const server = createServer(async (request, response) => {
    if ((await gate(request, response)) === undefined) return
    response.setHeader('Content-Length', 2)
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connections = await openConnections((server.address() as AddressInfo).port, options.connections)

  const wallet = new Map<number, { readonly text: string; readonly madeAt: number }>()
  let serial = 0
  const thumbprints = agents.map(jktOf)

  function claims(agent: number, madeAt: number) {
    serial++
    const cnf = { jkt: thumbprints[agent] }
    const times = { iat: madeAt, exp: madeAt + 300 }
    return { iss: issuerUrl, sub: 'alice', aud: resource, client_id: 'app', jti: `t-${serial}`, cnf, ...times }
  }

  function token(agent: number, madeAt: number, kid = 'k1', key = issuerKey as RawKey): string {
    return rawJws(key, { typ: 'at+jwt', alg: 'ES256', kid }, claims(agent, madeAt))
  }

  function current(nth: number, agent: number): string {
    const now = secondsNow()
    const known = wallet.get(nth)
    if (known !== undefined && now - known.madeAt < renewSeconds) return known.text
    const text = token(agent, now)
    wallet.set(nth, { text, madeAt: now })
    return text
  }

  function bytes(text: string, agent: number, signer = agents[agent] as RawKey): string {
    serial++
    const { publicJwk } = agents[agent] as RawKey
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk }
    const claimed = { jti: `p-${serial}`, htm: 'GET', htu: url, iat: secondsNow(), ath: sha256(text) }
    const proof = rawJws(signer, header, claimed)
    return `GET ${url.slice(resource.length)} HTTP/1.1\r\nHost: api\r\nAuthorization: DPoP ${text}\r\nDPoP: ${proof}\r\n\r\n`
  }

  let turn = 0
  const nextTurn = () => {
    turn++
    return { nth: turn % options.tokens, agent: (turn % options.tokens) % agents.length }
  }

  return {
    verifier,
    get fetches() {
      return fetches
    },
    good() {
      const { nth, agent } = nextTurn()
      return bytes(current(nth, agent), agent)
    },
    expired: () => bytes(token(0, secondsNow() - 400), 0),
    unknownKey: () => bytes(token(0, secondsNow(), `kid-${Math.random()}`), 0),
    forgedToken: () => bytes(token(0, secondsNow(), 'k1', agents[0]), 0),
    forgedProof: () => bytes(current(0, 0), 0, issuerKey),
    connections,
    async close() {
      for (const connection of connections) connection.close()
      await verifier.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

export interface Sent {
  readonly request: string
  readonly status: number
  /** Since the request was due. */
  readonly milliseconds: number
}

/** Sends at a pace, whatever the answers take. Resolves once the last answer is there. */
export async function send(
  connections: readonly Connection[],
  perSecond: number,
  seconds: number,
  next: (nth: number) => string,
  onAnswer: (nth: number, sent: Sent) => void,
): Promise<void> {
  const start = performance.now()
  const total = Math.round(perSecond * seconds)
  let nth = 0
  async function work(connection: Connection): Promise<void> {
    for (;;) {
      const mine = nth++
      if (mine >= total) return
      const due = start + (mine * 1_000) / perSecond
      const wait = due - performance.now()
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      const request = next(mine)
      const status = await connection.send(request)
      onAnswer(mine, { request, status, milliseconds: performance.now() - due })
    }
  }
  await Promise.all(connections.map(work))
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** What figures depend on. */
export const machine: string = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}`
