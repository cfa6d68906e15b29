import { type GuardedRoute, requirementOf } from '../src/index.ts'

/** Reading the routes of an Express app, version 4 or 5, from its router's stack. */

interface Layer {
  readonly handle?: unknown
  readonly method?: string
  /** Express 5.3: the path as it was given. */
  readonly rawPath?: unknown
  readonly slash?: boolean
  /** Express 4: the mount path compiled. */
  readonly regexp?: { readonly fast_slash?: boolean }
  readonly route?: { readonly path: unknown; readonly stack: readonly Layer[] } | undefined
}

export interface ExpressApp {
  readonly router?: unknown
  readonly _router?: unknown
}

export function routesOf(app: ExpressApp): readonly GuardedRoute[] {
  return routesIn(stackOf(routerOf(app)), '', [])
}

/** Express 4 throws at `app.router`, Express 5 has no `_router`. */
function routerOf(app: ExpressApp): unknown {
  return app._router ?? app.router
}

function stackOf(router: unknown): readonly Layer[] {
  const stack = (router as { stack?: unknown } | undefined)?.stack
  return Array.isArray(stack) ? stack : []
}

type Requirements = GuardedRoute['requirements']

/** In order: a guard that stands before routes without a path of its own holds for all that follow. */
function routesIn(stack: readonly Layer[], prefix: string, before: Requirements): readonly GuardedRoute[] {
  const routes: GuardedRoute[] = []
  let standing = before
  for (const layer of stack) {
    const requirement = requirementOf(layer.handle)
    const path = prefix + mountPath(layer)
    if (layer.route !== undefined) routes.push(...routesAt(layer.route, prefix, standing))
    else if (requirement !== undefined && isEverywhere(layer)) standing = [...standing, requirement]
    else if (requirement !== undefined) routes.push({ method: 'ALL', path: `${path}/*`, requirements: [requirement] })
    else routes.push(...routesIn(stackOf(layer.handle), path, standing))
  }
  return routes
}

function routesAt(route: NonNullable<Layer['route']>, prefix: string, before: Requirements): readonly GuardedRoute[] {
  const paths = Array.isArray(route.path) ? route.path : [route.path]
  const methods = [...new Set(route.stack.map(({ method }) => method?.toUpperCase() ?? 'ALL'))]
  return methods.flatMap((method) => {
    const handlers = route.stack.filter((layer) => layer.method === undefined || layer.method.toUpperCase() === method)
    const own = handlers.flatMap(({ handle }) => requirementOf(handle) ?? [])
    return paths.map((path) => ({ method, path: prefix + String(path), requirements: [...before, ...own] }))
  })
}

function isEverywhere(layer: Layer): boolean {
  return layer.slash === true || layer.regexp?.fast_slash === true
}

/** `?` where the router keeps the prefix to itself: it is never guessed. */
function mountPath(layer: Layer): string {
  if (isEverywhere(layer)) return ''
  return typeof layer.rawPath === 'string' ? layer.rawPath.replace(/\/$/, '') : '?'
}
