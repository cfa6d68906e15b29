/** An issuer whose keys the verifier has to fetch, over a network in memory. */
import {
  createVerifier,
  type IssuerOptions,
  type Refusal,
  type RequestView,
  type Verifier,
  type VerifierOptions,
} from 'onbehalf'
import { createTestIssuer, requestView, type TestAgent, type TestClock, type TestIssuer } from 'onbehalf/testing'
import { issuerUrl, type Outcome, outcomeOf, refusalIn, resource, url } from './kit.ts'

export interface Home {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly clock: TestClock
  readonly network: Network
  readonly verifier: Verifier
  /** A valid token, signed with the issuer's present key. */
  token(header?: Record<string, unknown>): Promise<string>
  /** Another verifier of the same issuer, network and clock. */
  open(trust?: Partial<IssuerOptions>, options?: Partial<VerifierOptions>): Verifier
}

export interface Network {
  readonly fetch: typeof fetch
  /** The URLs that were fetched, in order. */
  readonly asked: string[]
  readonly inits: RequestInit[]
  serve(url: string, reply: Reply): void
  /** With true every fetch fails from now on; with false the network works again. */
  cut(isCut: boolean): void
  count(url: string): number
}

export type Reply = (init: RequestInit) => Response | Promise<Response> | object

export const keysUri: string = `${issuerUrl}/keys`
export const metadataUri: string = `${issuerUrl}/.well-known/oauth-authorization-server`
export const openidUri: string = `${issuerUrl}/.well-known/openid-configuration`

/** These requests carry no proof, so this is the code of one whose token was accepted. */
export const held = 'proof_missing'

export async function createHome(
  trust: Partial<IssuerOptions> = {},
  options: Partial<VerifierOptions> = {},
): Promise<Home> {
  const issuer = await createTestIssuer({ resource, issuer: trust.issuer })
  const agent = await issuer.agent('travel-7')
  const { clock } = issuer
  const network = createNetwork()
  network.serve(metadataUri, () => ({ issuer: issuer.issuer, jwks_uri: keysUri }))
  network.serve(keysUri, () => issuer.jwks)
  const open: Home['open'] = (more = {}, rest = {}) =>
    createVerifier({ issuer: { issuer: issuer.issuer, ...more }, resource, clock, fetch: network.fetch, ...rest })
  return {
    issuer,
    agent,
    clock,
    network,
    verifier: open(trust, options),
    token: (header) => issuer.token({ agent, human: 'alice', header }),
    open,
  }
}

function createNetwork(): Network {
  const replies = new Map<string, Reply>()
  const asked: string[] = []
  const inits: RequestInit[] = []
  let isDown = false
  return {
    asked,
    inits,
    async fetch(input, init = {}) {
      const address = String(input)
      asked.push(address)
      inits.push(init)
      if (isDown) throw new TypeError('connect ECONNREFUSED 10.1.2.3:443')
      const reply = await replies.get(address)?.(init)
      if (reply === undefined) return new Response('not here', { status: 404 })
      return reply instanceof Response ? reply : Response.json(reply)
    },
    serve: (address, reply) => void replies.set(address, reply),
    cut: (isCut) => {
      isDown = isCut
    },
    count: (address) => asked.filter((one) => one === address).length,
  }
}

export async function judge(verifier: Verifier, token: string): Promise<Outcome> {
  return outcomeOf(await verifier.check(viewOf(token)))
}

/** The verdict must be there without waiting for the network. */
export function judgeNow(verifier: Verifier, token: string): Outcome | 'had to wait' {
  const verdict = verifier.checkNow(viewOf(token))
  return verdict instanceof Promise ? 'had to wait' : outcomeOf(verdict)
}

export async function refusalOf(verifier: Verifier, token: string): Promise<Refusal> {
  return refusalIn(await verifier.check(viewOf(token)))
}

function viewOf(token: string): RequestView {
  return requestView({ url, headers: { authorization: `DPoP ${token}` } })
}

/** Waits for background work; the timeout of the test ends a wait in vain. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** Whether the keys were fetched at the present time of the clock. */
export function isRefreshed(verifier: Verifier): () => boolean {
  return () => verifier.health().issuers[0]?.ageSeconds === 0
}

/** A promise that stays pending until `open` is called. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** A token that names the issuer and a key id, with a signature that is none of its keys'. */
export function forgedToken(home: Home, kid: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = home.clock.now() / 1_000
  const claims = { iss: home.issuer.issuer, exp: now + 200, iat: now }
  return `${part({ typ: 'at+jwt', alg: 'ES256', kid })}.${part(claims)}.${'A'.repeat(86)}`
}
