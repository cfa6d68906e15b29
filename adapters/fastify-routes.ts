import type { FastifyInstance, RouteOptions } from 'fastify'
import { type GuardedRoute, scopesOf } from '../src/adapter/index.ts'
import { guardsAmong, unwrapped } from './agent-auth-handlers.ts'

/** Reading the routes of a Fastify app: noted as they are registered, read on demand. */

interface Found {
  readonly scope: FastifyInstance
  readonly options: RouteOptions
}

/** By server: scopes of one app share it, two apps do not. */
const collected = new WeakMap<object, Found[]>()

export function fastifyRoutes(app: { readonly server: object }): readonly GuardedRoute[] {
  return (collected.get(app.server) ?? []).flatMap(({ scope, options }) => {
    const hooks = phases.flatMap((phase) => [...hooksOf(scope, phase), options[phase]].flat().map(unwrapped))
    const guards = guardsAmong(hooks)
    return [options.method].flat().map((method) => ({ method, path: options.url, ...guards }))
  })
}

const scopesKnown = new WeakMap<object, { readonly count: number; readonly scopes: readonly string[] }>()

/** For the metadata: one list. An app that answers requests takes no further routes or hooks. */
export function scopesOfFastify(app: { readonly server: object }): readonly string[] {
  const count = collected.get(app.server)?.length ?? 0
  const known = scopesKnown.get(app.server)
  if (known?.count === count) return known.scopes
  const scopes = scopesOf(fastifyRoutes(app))
  scopesKnown.set(app.server, { count, scopes })
  return scopes
}

/** From now on, in this scope and those below it. */
export function collectRoutes(app: FastifyInstance): void {
  const known = collected.get(app.server) ?? []
  collected.set(app.server, known)
  app.addHook('onRoute', function collect(this: FastifyInstance, options) {
    const isAgain = known.some((route) => route.options === options)
    if (!isAgain) known.push({ scope: this, options })
  })
}

const phases = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

/** Of the scope, inherited ones included. Fastify 5 tells them under a symbol of its own only. */
function hooksOf(scope: FastifyInstance, phase: (typeof phases)[number]): readonly unknown[] {
  const key = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.hooks')
  const hooks = key && (scope as unknown as Record<symbol, Partial<Record<string, readonly unknown[]>>>)[key]
  return hooks?.[phase] ?? []
}
