import { randomBytes } from 'node:crypto'
import { type BenchAlgorithm, createAgent, createAuthority, flat, resource, url } from '../keys.ts'
import { quantileOf } from '../ratio.ts'
import { type Connection, openConnections } from './client.ts'
import type { ServerSetup } from './server.ts'

/** A caller in a process of its own: `node load.js issuer`. Sends what a server must know of it, then does as it is told. */
export type LoadOrder =
  | {
      readonly do: 'count'
      readonly port: number
      readonly connections: number
      readonly warmUp: number
      count: number
    }
  | { readonly do: 'pace'; readonly port: number; readonly perSecond: number; readonly seconds: number }
  | { readonly do: 'arm'; readonly port: number; readonly connections: number; readonly algorithm: BenchAlgorithm }
  | { readonly do: 'flood' }
  | { readonly do: 'stop' }

export interface Pace {
  /** Milliseconds from when a request was due to its answer. */
  readonly p50: number
  readonly p99: number
}

const authority = await createAuthority(process.argv[2])
const agent = await createAgent(authority)
/** Kept from one pace to the next. */
let paced: readonly Connection[] = []
let isFlooding = false
let flood = async (): Promise<number> => 0

process.on('message', async (order: LoadOrder) => {
  if (order.do === 'count') process.send?.(await count(order))
  if (order.do === 'pace') process.send?.(await pace(order))
  if (order.do === 'arm') {
    flood = await arm(order)
    process.send?.(true)
  }
  if (order.do === 'flood') process.send?.(await flood())
  if (order.do === 'stop') isFlooding = false
})
process.on('disconnect', () => process.exit())
process.send?.({ issuers: [authority.options], resource, jwk: agent.signer.jwk } satisfies ServerSetup)

/** Requests a second: so many distinct requests, over so many connections. */
async function count(order: LoadOrder & { do: 'count' }): Promise<number> {
  const connections = await openConnections(order.port, order.connections)
  await sendAll(connections, makeRequests(order.warmUp))
  const requests = makeRequests(order.count)
  const start = performance.now()
  await sendAll(connections, requests)
  const perSecond = (order.count * 1_000) / (performance.now() - start)
  for (const connection of connections) connection.close()
  return perSecond
}

async function sendAll(connections: readonly Connection[], requests: readonly string[]): Promise<void> {
  let at = 0
  const drain = async (connection: Connection) => {
    for (let request = requests[at++]; request !== undefined; request = requests[at++]) {
      requireOk(await connection.send(request))
    }
  }
  await Promise.all(connections.map(drain))
}

/** Each due at its time whatever the answers do, so that a stalled server cannot hide its stall. */
async function pace({ port, perSecond, seconds }: LoadOrder & { do: 'pace' }): Promise<Pace> {
  const requests = makeRequests(perSecond * seconds)
  if (paced.length === 0) paced = await openConnections(port, 100)
  const latencies: number[] = []
  const start = performance.now()
  let at = 0
  const drain = async (connection: Connection) => {
    for (let turn = at++; turn < requests.length; turn = at++) {
      const due = start + (turn * 1_000) / perSecond
      while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
      requireOk(await connection.send(requests[turn] as string))
      latencies.push(performance.now() - due)
    }
  }
  await Promise.all(paced.map(drain))
  return { p50: quantileOf(latencies, 0.5), p99: quantileOf(latencies, 0.99) }
}

/** A token that is good, and proofs of the right form that nobody has signed; sent until told to stop. How many a second. */
async function arm({ port, connections: width, algorithm }: LoadOrder & { do: 'arm' }): Promise<() => Promise<number>> {
  const hostile = await createAgent(authority, {}, algorithm)
  const template = hostile.proof()
  const attack = async (connection: Connection) => {
    const status = await connection.send(requestText(hostile.token, forge(template)))
    if (status !== 401) throw new Error('not refused')
  }
  const connections = await openConnections(port, width)
  await Promise.all(connections.map(attack))
  return async () => {
    isFlooding = true
    let answers = 0
    const start = performance.now()
    const run = async (connection: Connection) => {
      for (; isFlooding; answers++) await attack(connection)
    }
    await Promise.all(connections.map(run))
    return (answers * 1_000) / (performance.now() - start)
  }
}

/** A number below any modulus and any group's order, so that the whole verification is done. */
function forge(proof: string): string {
  const end = proof.lastIndexOf('.')
  const octets = randomBytes(Buffer.from(proof.slice(end + 1), 'base64url').length)
  octets[0] = 0x20
  octets[octets.length / 2] = 0x20
  return `${proof.slice(0, end)}.${octets.toString('base64url')}`
}

function makeRequests(length: number): string[] {
  return Array.from({ length }, () => requestText(agent.token, agent.proof()))
}

function requestText(token: string, proof: string): string {
  const { host, pathname } = new URL(url)
  const fields = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'X-Forwarded-Proto: https',
    `Authorization: DPoP ${token}`,
    `DPoP: ${proof}`,
  ]
  return flat(`${fields.join('\r\n')}\r\n\r\n`)
}

function requireOk(status: number): void {
  if (status !== 200) throw new Error(`a good request was answered ${status}`)
}
