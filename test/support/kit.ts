/**
 * The test kit. A test makes a kit, sends one request that is right in everything but what the test is about, and looks
 * at the outcome:
 *
 *     const kit = await createKit({ verifier: { dpop: { htu: 'strict' } } })
 *     expect(await kit.code({ method: 'POST', proof: { method: 'GET' } })).toBe('proof_method')
 *
 * Everything a {@link Call} does not name is as it should be. The clock of a kit stands still until a test moves it.
 * Beside this file:
 *
 * - `forge.ts`: a kit whose issuer key the test holds, for tokens that no issuer would sign; `jws.ts` and `bytes.ts`
 *   make and bend JWS octet by octet.
 * - `servers.ts`, `tls.ts`: servers on loopback and clients of them; `express.ts`, `fastify.ts`: apps to serve there.
 * - `key-home.ts`: an issuer whose keys the verifier has to fetch, over a network in memory.
 * - `audit.ts`: an audit sink that keeps its events; `rejection.ts`: a rejected promise that knows whether it was handled.
 * - `challenges.ts`: reads `WWW-Authenticate`; `printed.ts`: values that RFCs print; `vectors.ts`: public test vectors.
 *
 * `test/attacks/stage.ts`, `test/properties/rig.ts` and `test/doors/kit.ts` add what only their folder needs;
 * `test/examples/issuer-setup.ts` starts the authorization server of the examples.
 */
import {
  type AccessRequirement,
  type AgentContext,
  createVerifier,
  type IssuerOptions,
  type Refusal,
  type RefusalCode,
  type RequestView,
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
  type TestClock,
  type TestIssuer,
  type TestIssuerOptions,
  type TokenInput,
} from 'onbehalf/testing'

export const resource = 'https://api.example.test'
/** Where a call goes unless it says otherwise. */
export const url: string = `${resource}/tools`
/** What a test issuer is called. */
export const issuerUrl = 'https://as.example.test'

export type Outcome = 'admitted' | RefusalCode

/** An issuer, one agent of it and a verifier that trusts it, all on one clock. */
export interface Kit extends Caller<Partial<TokenInput>> {
  readonly issuer: TestIssuer
  /** The agent's token: for itself, unless the input or the kit's options name a human or a service. */
  token(input?: Partial<TokenInput>): Promise<string>
  /** Headers of a call to a path of the resource. */
  credentials(method: string, path: string, call?: Call<Partial<TokenInput>>): Promise<Record<string, string>>
}

/** What a kit can do, whichever way it makes tokens. */
export interface Caller<Token> {
  readonly clock: TestClock
  readonly agent: TestAgent
  /** What the verifier is told of the issuer. */
  readonly trust: IssuerOptions
  /** What `verifier` was made of. */
  readonly options: VerifierOptions
  readonly verifier: Verifier
  /** Another verifier of the same issuer and clock; the options are laid over the kit's. */
  verifierWith(options?: Partial<VerifierOptions>): Verifier
  /** The same, told more about the issuer. */
  verifierTrusting(trust: Partial<IssuerOptions>, options?: Partial<VerifierOptions>): Verifier
  request(call?: Call<Token>): Promise<RequestView>
  call(call?: Call<Token>): Promise<Verdict>
  code(call?: Call<Token>): Promise<Outcome>
  /** Throws where the call is admitted. */
  refusal(call?: Call<Token>): Promise<Refusal>
  /** Throws where the call is refused. */
  context(call?: Call<Token>): Promise<AgentContext>
  /** What the verifier decides on a requirement: the refusal code, or undefined where access is granted. */
  decide(context: AgentContext, requirement: AccessRequirement<never>): Promise<RefusalCode | undefined>
}

/** How one request differs from a good one. */
export interface Call<Token = Partial<TokenInput>> {
  readonly method?: string | undefined
  /** Where the request goes, and what the proof is made for. */
  readonly url?: string | undefined
  /** Raw request target; the proof stays for `url`. */
  readonly target?: string | undefined
  /** Default `DPoP`. */
  readonly scheme?: string | undefined
  /** A finished token, or how it differs from the kit's own. */
  readonly token?: string | Token | undefined
  /** A finished field line or lines, how it differs from a good proof, or null for none. */
  readonly proof?: string | readonly string[] | Partial<ProofInput> | null | undefined
  /** Who signs the proof. Default: the agent. */
  readonly prover?: TestAgent | undefined
  /** Laid over the headers; `undefined` and an empty list delete. */
  readonly headers?: Record<string, string | readonly string[] | undefined> | undefined
  /** Certificate of the connection, in DER. */
  readonly certificate?: Uint8Array | undefined
  /** Default: the kit's. */
  readonly verifier?: Verifier | undefined
}

export interface KitOptions {
  /** Laid over `{ issuer, resource, clock }`. */
  readonly verifier?: Partial<VerifierOptions> | ((issuer: TestIssuer) => Partial<VerifierOptions>)
  /** Laid over what the verifier is told of the issuer. */
  readonly trust?: Partial<IssuerOptions>
  readonly issuer?: Partial<TestIssuerOptions>
  readonly agent?: TestAgentOptions
  /** Laid under every token. */
  readonly token?: Partial<TokenInput>
}

export async function createKit(options: KitOptions = {}): Promise<Kit> {
  const issuer = await createTestIssuer({ resource, ...options.issuer })
  const agent = await issuer.agent('travel-7', options.agent)
  const token: Kit['token'] = (input) => issuer.token({ agent, ...options.token, ...input })
  const verifier = typeof options.verifier === 'function' ? options.verifier(issuer) : options.verifier
  const caller = createCaller<Partial<TokenInput>>({
    agent,
    clock: issuer.clock,
    trust: { ...issuer.options, ...options.trust },
    verifier: { resource: issuer.resource, ...verifier },
    token,
  })
  return {
    ...caller,
    issuer,
    token,
    async credentials(method, path, call) {
      const { headers } = await fieldsOf({ agent, token }, { method, url: `${resource}${path}`, ...call })
      return headers as Record<string, string>
    },
  }
}

interface CallerParts<Token> {
  readonly clock: TestClock
  readonly agent: TestAgent
  readonly trust: IssuerOptions
  readonly verifier: Partial<VerifierOptions>
  token(input?: Token): string | Promise<string>
}

/** The half of a kit that does not care how tokens are made. */
export function createCaller<Token>(parts: CallerParts<Token>): Caller<Token> {
  const { clock, agent, trust } = parts
  const options: VerifierOptions = { issuer: trust, resource, clock, ...parts.verifier }
  const verifier = createVerifier(options)

  async function request(made: Call<Token> = {}): Promise<RequestView> {
    const { headers } = await fieldsOf(parts, made)
    const { method, target, certificate } = made
    return requestView({ method, target, url: made.url ?? url, headers, certificate })
  }

  async function call(made: Call<Token> = {}): Promise<Verdict> {
    return (made.verifier ?? verifier).check(await request(made))
  }

  return {
    clock,
    agent,
    trust,
    options,
    verifier,
    verifierWith: (more) => createVerifier({ ...options, ...more }),
    verifierTrusting: (more, rest) => createVerifier({ ...options, issuer: { ...trust, ...more }, ...rest }),
    request,
    call,
    code: async (made) => outcomeOf(await call(made)),
    refusal: async (made) => refusalIn(await call(made)),
    context: async (made) => contextIn(await call(made)),
    async decide(context, requirement) {
      const decision = await verifier.authorize<never>(context, requirement)
      return decision.ok ? undefined : decision.refusal.code
    },
  }
}

async function fieldsOf<Token>(
  { agent, token }: Pick<CallerParts<Token>, 'agent' | 'token'>,
  call: Call<Token>,
): Promise<{ headers: Record<string, string | readonly string[]> }> {
  const accessToken = typeof call.token === 'string' ? call.token : await token(call.token)
  const proof = await proofFor(call, accessToken, call.prover ?? agent)
  const headers = { authorization: `${call.scheme ?? 'DPoP'} ${accessToken}`, dpop: proof, ...call.headers }
  return { headers: withoutUndefined(headers) }
}

async function proofFor<Token>(
  call: Call<Token>,
  token: string,
  prover: TestAgent,
): Promise<string | readonly string[] | undefined> {
  const { proof = {} } = call
  if (proof === null) return undefined
  if (typeof proof === 'string' || isList(proof)) return proof
  return prover.proof({ method: call.method ?? 'GET', url: call.url ?? url, token, ...proof })
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

export function outcomeOf(verdict: Verdict): Outcome {
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

export function refusalIn(verdict: Verdict): Refusal {
  if (verdict.ok) throw new Error('The request was admitted.')
  return verdict.refusal
}

export function contextIn(verdict: Verdict): AgentContext {
  if (!verdict.ok) throw new Error(`The request was refused: ${verdict.refusal.code}.`)
  return verdict.context
}

/** Values of one response header of a verdict, in order. */
export function headerValues(verdict: Verdict, name: string): readonly string[] {
  const headers = verdict.ok ? verdict.headers : verdict.refusal.headers
  return headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}
