import type { Agent } from '../agents/agent.ts'
import { type Token, TokenRequestError } from '../agents/authorization-server.ts'
import type { AgentCommands, TokenAnswer } from './protocol.ts'

/** What any agent does for the stage, however it proves its key. */
export function agentCommands(agent: Agent): Omit<AgentCommands, 'introduce'> {
  return {
    ownToken: (request) => tokenAnswer(agent.ownToken(request)),
    tokenOnBehalf: ({ subjectToken, actorToken, ...request }) =>
      tokenAnswer(agent.tokenOnBehalf(subjectToken, request, actorToken)),
    call: ({ method, url, accessToken }) => agent.call(method, url, accessToken),
  }
}

/** A refusal is part of the story; anything else that goes wrong ends it. */
export async function tokenAnswer(request: Promise<Token>): Promise<TokenAnswer> {
  try {
    return { token: (await request).accessToken }
  } catch (error) {
    if (error instanceof TokenRequestError) return { status: error.status, error: error.error }
    throw error
  }
}
