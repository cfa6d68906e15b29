import {
  createVerifier,
  type IssuerOptions,
  type Refusal,
  type RequestView,
  type Verdict,
  type Verifier,
  type VerifierOptions,
} from '../../../src/index.ts'
import {
  createTestIssuer,
  requestView,
  type TestAgent,
  type TestClock,
  type TestIssuer,
} from '../../../src/testing/index.ts'

/** An issuer whose keys must be fetched, a network in memory to fetch them from, and a verifier that does. */
export interface Home {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly clock: TestClock
  readonly network: Network
  readonly verifier: Verifier
  /** Good now; of the issuer's present key. */
  token(header?: Record<string, unknown>): Promise<string>
  /** Another verifier of the same issuer, network and clock. */
  open(trust?: Partial<IssuerOptions>, options?: Partial<VerifierOptions>): Verifier
}

export interface Network {
  readonly fetch: typeof fetch
  /** What was asked for, in order. */
  readonly asked: string[]
  readonly inits: RequestInit[]
  serve(url: string, reply: Reply): void
  /** Everything fails from now on, or works again. */
  cut(isCut: boolean): void
  count(url: string): number
}

export type Reply = (init: RequestInit) => Response | Promise<Response> | object

export const resource = 'https://api.example.test'
export const url: string = `${resource}/tools`
export const keysUri = 'https://as.example.test/keys'
export const metadataUri = 'https://as.example.test/.well-known/oauth-authorization-server'
export const openidUri = 'https://as.example.test/.well-known/openid-configuration'

/** The code of a request whose token held and which carries no proof. */
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

export async function judge(verifier: Verifier, token: string): Promise<string> {
  return codeOf(await verifier.check(viewOf(token)))
}

/** The verdict must be there without waiting for the network. */
export function judgeNow(verifier: Verifier, token: string): string {
  const verdict = verifier.checkNow(viewOf(token))
  return verdict instanceof Promise ? 'had to wait' : codeOf(verdict)
}

export async function refusalOf(verifier: Verifier, token: string): Promise<Refusal> {
  const verdict = await verifier.check(viewOf(token))
  if (verdict.ok) throw new Error('admitted')
  return verdict.refusal
}

function viewOf(token: string): RequestView {
  return requestView({ url, headers: { authorization: `DPoP ${token}` } })
}

function codeOf(verdict: Verdict): string {
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

/** Lets what goes on in the background go on, for as long as it takes: the timeout of the test is the guard. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** The set of keys that came last came just now. */
export function isRefreshed(verifier: Verifier): () => boolean {
  return () => verifier.health().issuers[0]?.ageSeconds === 0
}

/** A door that is shut until it is opened. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** As a token of the issuer looks before anybody has verified it. */
export function forgedToken(home: Home, kid: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = home.clock.now() / 1_000
  const claims = { iss: home.issuer.issuer, exp: now + 200, iat: now }
  return `${part({ typ: 'at+jwt', alg: 'ES256', kid })}.${part(claims)}.${'A'.repeat(86)}`
}
