import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import type { VerifierOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/fastify'
import type { TokenChanges } from './express-setup.ts'

/** The issuer side of these tests is that of Express: the same kit. */
export { createKit, type Kit } from './express-setup.ts'

/** An app with the one line, its routes yet to come. */
export async function createGuardedApp(options: VerifierOptions): Promise<FastifyInstance> {
  const app = fastify()
  await app.register(agentAuth, options)
  return app
}

export type Method = 'GET' | 'POST' | 'OPTIONS'

/** Sends a request that holds, unless `more` changes its token. */
export async function injectAs(
  kit: { credentials(method: string, path: string, more?: TokenChanges): Promise<Record<string, string>> },
  app: FastifyInstance,
  url: string,
  { method = 'GET', payload, ...more }: TokenChanges & { method?: Method; payload?: string | object } = {},
): Promise<LightMyRequestResponse> {
  const headers = await kit.credentials(method, url.replace(/\?.*$/, ''), more)
  return app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
}

/** Status, and the refusal code where it is one. */
export function outcomeOf(response: LightMyRequestResponse): readonly [number, unknown] {
  const isProblem = String(response.headers['content-type']).startsWith('application/problem+json')
  return [response.statusCode, isProblem ? response.json<{ code?: unknown }>().code : undefined]
}
