import {
  createVerifier,
  type IssuerOptions,
  type Refusal,
  type RefusalCode,
  type Verdict,
  type Verifier,
  type VerifierOptions,
} from 'onbehalf'
import {
  createTestIssuer,
  type ProofInput,
  requestView,
  type TestAgent,
  type TestAgentOptions,
  type TestIssuer,
  type TestIssuerOptions,
  type TokenInput,
} from 'onbehalf/testing'

const resource = 'https://api.example.test'
export const url: string = `${resource}/tools`

/** An issuer, an agent of it and a verifier that trusts it, all on one clock that stands still. */
export interface World {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly verifier: Verifier
  /** Sends a request that is right in everything but what `call` changes. */
  call(call?: Call): Promise<Verdict>
  /** The same; only the refusal code, or `admitted`. */
  code(call?: Call): Promise<RefusalCode | 'admitted'>
  /** The same; the refusal of a request that is to be refused. */
  refusal(call?: Call): Promise<Refusal>
  token(input?: Partial<TokenInput>): Promise<string>
  /** Another verifier of the same issuer and clock. */
  verifierWith(options: Partial<VerifierOptions>): Verifier
}

export interface WorldOptions {
  /** Laid over `{ issuer, resource, clock }`. */
  readonly verifier?: Partial<VerifierOptions>
  /** Laid over what the verifier is told of the issuer. */
  readonly trust?: Partial<IssuerOptions>
  readonly issuer?: Partial<TestIssuerOptions>
  readonly agent?: TestAgentOptions
}

export interface Call {
  readonly method?: string
  /** Where the request goes, and what the proof is made for. */
  readonly url?: string
  /** Raw request target; the proof stays for `url`. */
  readonly target?: string
  /** Default `DPoP`. */
  readonly scheme?: string
  /** Ready, or how it differs from the agent's own token for itself. */
  readonly token?: string | Partial<TokenInput>
  /** Ready field line or lines, how it differs from a good proof, or null for none. */
  readonly proof?: string | readonly string[] | Partial<ProofInput> | null
  /** Who signs the proof. Default: the agent. */
  readonly prover?: TestAgent
  /** Laid over the headers; `undefined` deletes. */
  readonly headers?: Record<string, string | readonly string[] | undefined>
  /** Of the connection. */
  readonly certificate?: Uint8Array
  /** Default: the world's. */
  readonly verifier?: Verifier
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const issuer = await createTestIssuer({ resource, ...options.issuer })
  const agent = await issuer.agent('travel-7', options.agent)
  const verifierWith = (more: Partial<VerifierOptions>) =>
    createVerifier({
      issuer: { ...issuer.options, ...options.trust },
      resource: issuer.resource,
      clock: issuer.clock,
      ...options.verifier,
      ...more,
    })
  const verifier = verifierWith({})
  const token = (input: Partial<TokenInput> = {}) => issuer.token({ agent, ...input })

  async function call(made: Call = {}): Promise<Verdict> {
    const accessToken = typeof made.token === 'string' ? made.token : await token(made.token)
    const proof = await proofFor(made, accessToken, made.prover ?? agent)
    const headers = withoutUndefined({
      authorization: `${made.scheme ?? 'DPoP'} ${accessToken}`,
      dpop: proof ?? undefined,
      ...made.headers,
    })
    const { method, target, certificate } = made
    return (made.verifier ?? verifier).check(
      requestView({ method, target, url: made.url ?? url, headers, certificate }),
    )
  }

  return {
    issuer,
    agent,
    verifier,
    verifierWith,
    token,
    call,
    code: async (made) => codeOf(await call(made)),
    refusal: async (made) => refusalOf(await call(made)),
  }
}

async function proofFor(made: Call, token: string, prover: TestAgent): Promise<string | readonly string[] | null> {
  const { proof = {} } = made
  if (proof === null || typeof proof === 'string' || isList(proof)) return proof
  return prover.proof({ method: made.method ?? 'GET', url: made.url ?? url, token, ...proof })
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value)
}

function withoutUndefined(
  headers: Record<string, string | readonly string[] | undefined>,
): Record<string, string | readonly string[]> {
  const set: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) set[name] = value
  return set
}

export function codeOf(verdict: Verdict): RefusalCode | 'admitted' {
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

function refusalOf(verdict: Verdict): Refusal {
  if (verdict.ok) throw new Error('The request was admitted')
  return verdict.refusal
}

/** Values of one header of a verdict, in order. */
export function headerValues(verdict: Verdict, name: string): readonly string[] {
  const headers = verdict.ok ? verdict.headers : verdict.refusal.headers
  return headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}
