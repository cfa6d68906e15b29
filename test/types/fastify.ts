import type { Http2Server } from 'node:http2'
import fastify, { type FastifyRequest } from 'fastify'
import type { AgentContext, Verifier } from 'onbehalf'
import { accessSummary, agentAuth, agentContextOf, requireAccess, resourceMetadata } from 'onbehalf/fastify'

/** Compiled, never run: what Fastify handlers see, and what must not compile. */

interface Payment {
  readonly amount: number
}

export async function types(verifier: Verifier): Promise<void> {
  const app = fastify()
  await app.register(agentAuth, { issuer: 'https://as.example.test', resource: 'https://api.example.test' })
  await app.register(agentAuth, {
    verifier,
    optional: true,
    onRefusal(refusal, request) {
      request.log.info(refusal.facts)
      return { body: { at: request.routeOptions.url } }
    },
  })

  app.get('/tools', { onRequest: requireAccess({ scopes: ['tools:read'] }) }, async (request) => {
    const context: AgentContext = request.agentContext
    // @ts-expect-error nobody sets it
    request.agentContext = context
    // @ts-expect-error frozen
    request.agentContext.scopes.push('admin')
    // @ts-expect-error null unless the authority is delegated
    request.agentContext.delegation.chain
    return { by: context.actor.subject, of: agentContextOf(request)?.principal.subject }
  })

  const hook = requireAccess({ scopes: ['a'] })
  app.addHook('onRequest', hook)
  app.get(
    '/any',
    { onRequest: [hook], preParsing: hook, preValidation: hook, preHandler: [hook, hook] },
    async () => '',
  )

  // The body of the route's own request type.
  const mayPay = requireAccess<FastifyRequest<{ Body: Payment; Params: { id: string } }>>({
    where: (context, { body, params }) => body.amount <= 100 && params.id === context.actor.subject,
    details: { type: 'payment', allows: (detail, _context, { body }) => Number(detail['limit']) >= body.amount },
  })
  app.post<{ Body: Payment; Params: { id: string } }>(
    '/agents/:id/payments',
    { preHandler: mayPay },
    async (request) => {
      const amount: number = request.body.amount
      return { amount, by: request.agentContext.actor.subject }
    },
  )
  // @ts-expect-error this route promises no such body
  app.post<{ Body: { total: number } }>('/payments', { preHandler: mayPay }, async () => '')
  requireAccess({
    // @ts-expect-error unless it is said, the body is unknown
    where: (_context, { body }) => body.amount <= 100,
  })

  // @ts-expect-error no resource
  await app.register(agentAuth, { issuer: 'https://as.example.test' })
  // @ts-expect-error neither a verifier nor options
  await app.register(agentAuth, { optional: true })
  // @ts-expect-error refusals cannot be turned into admissions
  await app.register(agentAuth, { verifier, onRefusal: () => ({ admit: true }) })
}

/** The same on HTTP/2, whose requests and replies are of other types. */
export async function http2Types(verifier: Verifier): Promise<void> {
  const app = fastify({ http2: true })
  await app.register(agentAuth, { verifier })
  await app.register(resourceMetadata, { verifier })
  const hook = requireAccess({ scopes: ['a'], where: (_context, { url }) => url !== '/' })
  app.addHook('onRequest', hook)
  app.get('/tools', { onRequest: hook, preHandler: [hook] }, async (request) => ({
    by: request.agentContext.actor.subject,
    of: agentContextOf(request)?.principal.subject,
  }))
  const mayPay = requireAccess<FastifyRequest<{ Body: Payment }, Http2Server>>({
    where: (_context, { body, raw }) => body.amount <= 100 && raw.stream.id !== 0,
  })
  app.post<{ Body: Payment }>('/payments', { preHandler: mayPay }, async () => '')
  const secure = fastify({ http2: true, https: {} })
  secure.get('/tools', { onRequest: requireAccess({ scopes: ['a'] }) }, async () => '')
  accessSummary(app).toMarkdown()
  accessSummary(secure)
}
