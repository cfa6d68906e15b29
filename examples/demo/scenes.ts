import type { ApiAnswer } from '../agents/agent.ts'
import { playAttacks } from './attack-scenes.ts'
import { playChain } from './chain-scenes.ts'
import { playExchanges } from './exchange-scenes.ts'
import type { TokenAnswer } from './protocol.ts'
import type { Api, Stage } from './stage.ts'

/** What an API has answered, or what the issuer has refused. */
export type Scene =
  | { readonly name: string; readonly api: Api; readonly answer: Pick<ApiAnswer, 'status' | 'body'> }
  | { readonly name: string; readonly refusal: TokenAnswer }

/** The story: who does what. What comes of it is read from the answers and the audit events. */
export async function* play(stage: Stage): AsyncGenerator<Scene> {
  const held = yield* playChain(stage)
  yield* playAttacks(stage, held)
  yield* playExchanges(stage, held)
}

/** The token of an answer that has to be one. */
export function tokenOf(answer: TokenAnswer): string {
  if ('token' in answer) return answer.token
  throw new Error(`the issuer has refused: ${answer.error}`)
}
