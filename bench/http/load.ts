import { randomBytes, verify } from 'node:crypto'
import { type Agent, type BenchAlgorithm, createAgent, createAuthority, flat, resource, url } from '../keys.ts'
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
  /** Without a rate: as fast as the answers come. */
  | { readonly do: 'flood'; readonly perSecond?: number }
  | { readonly do: 'stop' }

export interface Pace {
  /** Milliseconds from when a request was due to its answer. */
  readonly p50: number
  readonly p99: number
  /** Share of one core that this caller used. */
  readonly cpu: number
}

export interface Flood {
  /** Requests answered in a second. */
  readonly perSecond: number
  readonly cpu: number
}

const authority = await createAuthority(process.argv[2])
const agent = await createAgent(authority)
/** Kept from one pace to the next. */
let paced: readonly Connection[] = []
let isFlooding = false
let flood = async (_perSecond?: number): Promise<Flood> => ({ perSecond: 0, cpu: 0 })

process.on('message', async (order: LoadOrder) => {
  if (order.do === 'count') process.send?.(await count(order))
  if (order.do === 'pace') process.send?.(await pace(order))
  if (order.do === 'arm') {
    const armed = await arm(order)
    flood = armed.flood
    process.send?.(armed.verificationsPerSecond)
  }
  if (order.do === 'flood') process.send?.(await flood(order.perSecond))
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
  const { start, cpu } = stopwatch()
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
  return { p50: quantileOf(latencies, 0.5), p99: quantileOf(latencies, 0.99), cpu: cpu() }
}

/** A token that is good, and proofs of the right form that nobody has signed; sent until told to stop. How many a second. */
async function arm({ port, connections: width, algorithm }: LoadOrder & { do: 'arm' }) {
  const hostile = await createAgent(authority, {}, algorithm)
  const template = hostile.proof()
  const attack = async (connection: Connection) => {
    const status = await connection.send(requestText(hostile.token, forge(template)))
    if (status !== 401) throw new Error('not refused')
  }
  const connections = await openConnections(port, width)
  await Promise.all(connections.map(attack))
  async function flood(perSecond?: number): Promise<Flood> {
    isFlooding = true
    let sent = 0
    const { start, cpu } = stopwatch()
    const run = async (connection: Connection) => {
      while (isFlooding) {
        const due = perSecond === undefined ? 0 : start + (sent * 1_000) / perSecond
        sent++
        while (isFlooding && performance.now() < due) {
          await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
        }
        await attack(connection)
      }
    }
    await Promise.all(connections.map(run))
    return { perSecond: (sent * 1_000) / (performance.now() - start), cpu: cpu() }
  }

  return { flood, verificationsPerSecond: verificationsPerSecond(hostile) }
}

/** How many proofs of this agent one core verifies in a second. */
function verificationsPerSecond({ signer, proof }: Agent): number {
  const text = proof()
  const end = text.lastIndexOf('.')
  const data = Buffer.from(text.slice(0, end))
  const signature = Buffer.from(text.slice(end + 1), 'base64url')
  const key = signer.algorithm === 'PS256' ? { padding: 6, saltLength: 32 } : { dsaEncoding: 'ieee-p1363' as const }
  const digest = signer.algorithm === 'ES384' ? 'sha384' : 'sha256'
  const start = performance.now()
  let count = 0
  for (; performance.now() - start < 300; count++) verify(digest, data, { key: signer.publicKey, ...key }, signature)
  return (count * 1_000) / (performance.now() - start)
}

function stopwatch(): { readonly start: number; cpu(): number } {
  const start = performance.now()
  const before = process.cpuUsage()
  return {
    start,
    cpu() {
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1_000 / (performance.now() - start)
    },
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
