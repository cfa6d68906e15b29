import type { IncomingMessage } from 'node:http'

/**
 * The token of an admitted request, to exchange it. `agentContext` does not hold it, so that no log or error can show it by
 * chance; `agentAuth` has made sure that there is exactly one.
 */
export function accessTokenOf({ headers }: IncomingMessage): string {
  return headers.authorization?.split(' ')[1] ?? ''
}
