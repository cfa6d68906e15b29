import type { AgentContext, createVerifier, RequestView } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { type Agent, flat, url } from './keys.ts'

type Verifier = ReturnType<typeof createVerifier>

export function dpopView(token: string, proof: string): RequestView {
  return requestView({ url, headers: { authorization: flat(`DPoP ${token}`), dpop: flat(proof) } })
}

export function goodView(agent: Agent): RequestView {
  return dpopView(agent.token, agent.proof())
}

/** The context, or an error: an input counts only where it was admitted at once. */
export function admit(verifier: Verifier, view: RequestView): AgentContext {
  const verdict = verifier.checkNow(view)
  if (verdict instanceof Promise) throw new Error('a verdict had to be awaited')
  if (!verdict.ok) throw new Error(`refused: ${verdict.refusal.code}`)
  return verdict.context
}

/** An error unless it is refused at once, for this reason. */
export function refuse(verifier: Verifier, view: RequestView, code: string): void {
  const verdict = verifier.checkNow(view)
  if (verdict instanceof Promise) throw new Error('a verdict had to be awaited')
  if (verdict.ok) throw new Error(`admitted, not ${code}`)
  if (verdict.refusal.code !== code) throw new Error(`refused for ${verdict.refusal.code}, not ${code}`)
}
