/** A forge whose issuer is asked about tokens, over an introspection endpoint in memory. */
import {
  createVerifier,
  type IntrospectionOptions,
  type IssuerOptions,
  type Verifier,
  type VerifierOptions,
} from 'onbehalf'
import { createForge, type Forge } from './forge.ts'
import { type Members, rawJws } from './jws.ts'
import { issuerUrl } from './kit.ts'

export const endpoint: string = `${issuerUrl}/introspect`
export const clientId = 'travel api'
export const secret = 's3cret:with %signs+ and ünicode'
/** Has not exactly two dots, so it is no JWT. */
export const opaque = 'opaque.token~1'

/** One request to the endpoint. */
export interface AskedQuestion {
  readonly url: string
  readonly init: RequestInit
  readonly form: URLSearchParams
  readonly headers: Headers
}

export type AnswerWith = (question: AskedQuestion) => Response | object | Promise<Response | object>

export interface Desk {
  readonly forge: Forge
  readonly verifier: Verifier
  readonly questions: AskedQuestion[]
  /** What the endpoint answers from now on. Before: that the token is active, with the claims of a good JWT. */
  answer(next: AnswerWith): void
  /** The members of a good answer; `undefined` deletes. */
  active(changes?: Members): Members
  /** A signed answer (RFC 9701 §5). */
  signed(members: Members, envelope?: Members, header?: Members): Response
}

export interface DeskOptions {
  readonly introspection?: Partial<IntrospectionOptions>
  readonly trust?: Partial<IssuerOptions>
  readonly verifier?: Partial<VerifierOptions>
}

export async function createDesk({ introspection, trust, verifier }: DeskOptions = {}): Promise<Desk> {
  const forge = await createForge()
  const questions: AskedQuestion[] = []
  const active: Desk['active'] = (changes) => withoutUndefined({ active: true, ...forge.claims({ ...changes }) })
  let reply: AnswerWith = () => active({ jti: 'opaque-1' })
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const question = {
      url: String(input),
      init,
      form: new URLSearchParams(String(init.body ?? '')),
      headers: new Headers(init.headers),
    }
    questions.push(question)
    const made = await reply(question)
    return made instanceof Response ? made : Response.json(made)
  }
  const settings: IntrospectionOptions = { endpoint, client: { id: clientId, secret }, ...introspection }
  return {
    forge,
    verifier: createVerifier({
      ...forge.options,
      issuer: { ...forge.trust, introspection: settings, ...trust },
      fetch,
      ...verifier,
    }),
    questions,
    answer: (next) => {
      reply = next
    },
    active,
    signed(members, envelope, header) {
      const iat = Math.floor(forge.clock.now() / 1_000)
      const payload = { iss: issuerUrl, aud: clientId, iat, token_introspection: members, ...envelope }
      const protectedHeader = { typ: 'token-introspection+jwt', alg: 'ES256', kid: 'k1', ...header }
      const jwt = rawJws(forge.key, withoutUndefined(protectedHeader), withoutUndefined(payload))
      return new Response(jwt, { headers: { 'content-type': 'application/token-introspection+jwt' } })
    },
  }
}

function withoutUndefined(members: Members): Members {
  return JSON.parse(JSON.stringify(members)) as Members
}
