import { type GuardedRoute, requirementOf } from '../src/adapter/index.ts'
import { agentAuthOf } from './agent-auth-handlers.ts'

/** Reading the routes of an Express app, version 4 or 5, from its router's stack. */

interface Layer {
  readonly handle?: unknown
  readonly method?: string
  /** Express 5.3: the path as it was given, or a list of them. */
  readonly rawPath?: unknown
  readonly slash?: boolean
  /** Express 4: the mount path compiled. */
  readonly regexp?: { readonly fast_slash?: boolean; readonly source: string }
  readonly route?: { readonly path: unknown; readonly stack: readonly Layer[] } | undefined
  match?(path: string): unknown
}

export interface ExpressApp {
  readonly router?: unknown
  readonly _router?: unknown
}

export function expressRoutes(app: ExpressApp): readonly GuardedRoute[] {
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

/** A guard that later routes have to pass, where its path covers theirs. */
interface Standing {
  readonly layer: Layer
  /** Of the router it stands in. */
  readonly prefix: string
  readonly isEverywhere: boolean
}

function routesIn(stack: readonly Layer[], prefix: string, before: readonly Standing[]): readonly GuardedRoute[] {
  const routes: GuardedRoute[] = []
  const standing = [...before]
  for (const layer of stack) {
    const requirement = requirementOf(layer.handle)
    if (layer.route !== undefined) {
      routes.push(...routesAt(layer.route, prefix, standing))
    } else if (requirement !== undefined || agentAuthOf(layer.handle) !== undefined) {
      standing.push({ layer, prefix, isEverywhere: isEverywhere(layer) })
      if (requirement === undefined || isEverywhere(layer)) continue
      for (const path of mountPaths(layer)) {
        routes.push({ method: 'ALL', path: `${prefix}${path}/*`, requirements: [requirement] })
      }
    } else {
      const inner = standing.map((item) => (isMountedAs(item.layer, layer) ? { ...item, isEverywhere: true } : item))
      for (const path of mountPaths(layer)) routes.push(...routesIn(stackOf(layer.handle), prefix + path, inner))
    }
  }
  return routes
}

function routesAt(
  route: NonNullable<Layer['route']>,
  prefix: string,
  standing: readonly Standing[],
): readonly GuardedRoute[] {
  const paths = Array.isArray(route.path) ? route.path : [route.path]
  const methods = [...new Set(route.stack.map(({ method }) => method?.toUpperCase() ?? 'ALL'))]
  return methods.flatMap((method) => {
    const own = route.stack.filter((layer) => layer.method === undefined || layer.method.toUpperCase() === method)
    return paths.map((at) => {
      const path = prefix + String(at)
      const layers = [...standing.filter((item) => covers(item, path)).map(({ layer }) => layer), ...own]
      const requirements = layers.flatMap(({ handle }) => requirementOf(handle) ?? [])
      const admissions = layers.flatMap(({ handle }) => agentAuthOf(handle) ?? [])
      const isOpen = requirements.length === 0 && !admissions.some(({ isStrict }) => isStrict)
      return {
        method,
        path,
        requirements,
        verifier: admissions.at(-1)?.verifier,
        ...(isOpen && { open: true as const }),
      }
    })
  })
}

function isEverywhere(layer: Layer): boolean {
  return layer.slash === true || layer.regexp?.fast_slash === true
}

/** Its own matcher decides, given the path as it is written. */
function covers({ layer, prefix, isEverywhere }: Standing, path: string): boolean {
  if (isEverywhere) return true
  const own = path.slice(prefix.length)
  return !own.startsWith(hidden) && Boolean(layer.match?.(own))
}

/** `app.use(path, guard, router)` makes two layers of one path. */
function isMountedAs(guard: Layer, router: Layer): boolean {
  return guard.regexp !== undefined && guard.regexp.source === router.regexp?.source
}

/** Where the router keeps the prefix to itself: it is never guessed. */
const hidden = '?'

function mountPaths(layer: Layer): readonly string[] {
  if (isEverywhere(layer)) return ['']
  const paths: readonly unknown[] = Array.isArray(layer.rawPath) ? layer.rawPath : [layer.rawPath]
  return paths.map((path) => (typeof path === 'string' ? path.replace(/\/$/, '') : hidden))
}
