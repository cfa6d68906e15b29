import { expect, test } from 'vitest'
import {
  createVerifier,
  type RefusalCode,
  type RequestView,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.ts'
import {
  createTestIssuer,
  requestView,
  type TestAgent,
  type TestIssuer,
  type TokenInput,
} from '../../src/testing/index.ts'

export const resource = 'https://api.example.test'
export const url: string = `${resource}/tools`

/** The default cap of a token. */
export function sendable(token: string): boolean {
  return token.length <= 8_192
}

export type Start = 'cold' | 'warm'
export type Outcome = 'admitted' | RefusalCode

/** An issuer, an agent and a verifier of their own for one run of one attack. */
export interface Stage {
  readonly start: Start
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly verifier: Verifier
  /** A good token of the agent, unless the input says otherwise. */
  token(input?: Partial<TokenInput>): Promise<string>
  request(token: string, shot?: Shot): Promise<RequestView>
  judge(view: RequestView): Promise<Outcome>
  /** On a warm stage the token and its key go through once, so that both are cached; on a cold one nothing happens. */
  warmUp(token: string, shot?: Shot): Promise<void>
  /** Of a bad token. Warm: the agent's key is cached, and the second try of the bad token must end as the first. */
  judgeToken(token: string, shot?: Shot): Promise<Outcome>
}

export interface Shot {
  method?: string
  url?: string
  target?: string
  scheme?: string
  /** Whose key signs the proof. */
  by?: TestAgent
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  nonce?: string
  certificate?: Uint8Array
  /** Laid over the usual two; an empty list takes a field away. */
  headers?: Record<string, string | readonly string[]>
}

export type StageOptions = Partial<VerifierOptions> | ((issuer: TestIssuer) => Partial<VerifierOptions>)

/** Registers an attack twice: against a verifier that has seen nothing, and against one that has cached token and key. */
export function coldAndWarm(name: string, attack: (stage: Stage) => Promise<void>, options: StageOptions = {}): void {
  for (const start of ['cold', 'warm'] as const) {
    test(`${name} (${start})`, async () => attack(await createStage(start, options)))
  }
}

export async function createStage(start: Start, options: StageOptions = {}): Promise<Stage> {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  const more = typeof options === 'function' ? options(issuer) : options
  const verifier = createVerifier({ issuer: issuer.options, resource, clock: issuer.clock, ...more })

  const token: Stage['token'] = (input = {}) => issuer.token({ agent, human: 'alice', ...input })

  async function request(accessToken: string, shot: Shot = {}): Promise<RequestView> {
    const { method = 'GET', scheme = 'DPoP', by = agent } = shot
    const target = shot.url ?? url
    const proof = await by.proof({
      method,
      url: target,
      token: accessToken,
      nonce: shot.nonce,
      claims: shot.claims,
      header: shot.header,
    })
    return requestView({
      method,
      url: target,
      target: shot.target,
      headers: { authorization: `${scheme} ${accessToken}`, dpop: proof, ...shot.headers },
      certificate: shot.certificate,
    })
  }

  async function judge(view: RequestView): Promise<Outcome> {
    const verdict = await verifier.checkNow(view)
    return verdict.ok ? 'admitted' : verdict.refusal.code
  }

  async function warmUp(accessToken: string, shot: Shot = {}): Promise<void> {
    if (start === 'cold') return
    expect(await judge(await request(accessToken, shot))).toBe('admitted')
    expect(verifier.health().caches.tokens).toBeGreaterThan(0)
  }

  async function judgeToken(bad: string, shot: Shot = {}): Promise<Outcome> {
    await warmUp(await token())
    const outcome = await judge(await request(bad, shot))
    if (start === 'warm') expect(await judge(await request(bad, shot))).toBe(outcome)
    return outcome
  }

  return { start, issuer, agent, verifier, token, request, judge, warmUp, judgeToken }
}
