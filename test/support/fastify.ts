/** A Fastify app behind agentAuth, and requests injected into it. */
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import type { VerifierOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/fastify'
import type { Call, Kit } from './kit.ts'

/** Its routes are added by the test. */
export async function createGuardedApp(options: VerifierOptions): Promise<FastifyInstance> {
  const app = fastify()
  await app.register(agentAuth, options)
  return app
}

export interface Injected extends Call {
  readonly method?: 'GET' | 'POST' | 'OPTIONS'
  readonly payload?: string | object
}

/** Injects a request with the agent's credentials. */
export async function injectAs(
  kit: Kit,
  app: FastifyInstance,
  url: string,
  { method = 'GET', payload, ...call }: Injected = {},
): Promise<LightMyRequestResponse> {
  const headers = await kit.credentials(method, url.replace(/\?.*$/, ''), call)
  return app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
}

/** Status, and the refusal code of a problem body. */
export function statusAndCode(response: LightMyRequestResponse): readonly [number, unknown] {
  const isProblem = String(response.headers['content-type']).startsWith('application/problem+json')
  return [response.statusCode, isProblem ? response.json<{ code?: unknown }>().code : undefined]
}
