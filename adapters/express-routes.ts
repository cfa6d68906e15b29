import { type GuardedRoute, operationsOf, requirementOf, scopesOf } from '../src/adapter/index.ts'
import { agentAuthOf, guardsAmong, unwrapped } from './agent-auth-handlers.ts'
import {
  doesMatch,
  type ExpressApp,
  hasPlainPath,
  hidden,
  inOtherCase,
  isCaseSensitive,
  isEverywhere,
  isSamePath,
  type Layer,
  mountPaths,
  routerOf,
  sampleOf,
  stackOf,
} from './express-layers.ts'

export type { ExpressApp } from './express-layers.ts'

/** Reading the routes of an Express app, version 4 or 5, from its router's stack. */

export function expressRoutes(app: ExpressApp): readonly GuardedRoute[] {
  return routesIn(stackOf(routerOf(app)), { prefix: '', isCaseSensitive: true }, [])
}

const scopesKnown = new WeakMap<
  ExpressApp,
  { readonly layers: readonly unknown[]; readonly scopes: readonly string[] }
>()
const none: readonly string[] = []

/** For the metadata: one list, until a layer is added or replaced. */
export function scopesOfExpress(app: ExpressApp | undefined): readonly string[] {
  if (app === undefined) return none
  const layers = layersIn(stackOf(routerOf(app)))
  const known = scopesKnown.get(app)
  if (known?.layers.length === layers.length && layers.every((layer, at) => layer === known.layers[at])) {
    return known.scopes
  }
  const scopes = scopesOf(expressRoutes(app))
  scopesKnown.set(app, { layers, scopes })
  return scopes
}

function layersIn(stack: readonly Layer[], found: unknown[] = []): readonly unknown[] {
  for (const layer of stack) {
    found.push(layer.handle)
    layersIn(layer.route?.stack ?? stackOf(layer.handle), found)
  }
  return found
}

/** The way to a router. */
interface Mount {
  readonly prefix: string
  /** Whether every path on the way is matched in its own letters alone. */
  readonly isCaseSensitive: boolean
}

/** A guard that later routes have to pass, where its path covers theirs. */
interface Standing {
  readonly layer: Layer
  /** Of the router it stands in. */
  readonly mount: Mount
  readonly stack: readonly Layer[]
  readonly isEverywhere: boolean
}

/** Whether every request of a route passes a guard: `?` where that cannot be told. */
type Coverage = 'all' | 'not all' | '?'

function routesIn(stack: readonly Layer[], mount: Mount, before: readonly Standing[]): readonly GuardedRoute[] {
  const routes: GuardedRoute[] = []
  const standing = [...before]
  for (const layer of stack) {
    const handler = unwrapped(layer.handle)
    const guarded = guardedBy(handler)
    if (layer.route !== undefined) {
      routes.push(...routesAt(layer, layer.route, mount, standing))
    } else if (guarded !== undefined || agentAuthOf(handler) !== undefined) {
      standing.push({ layer, mount, stack, isEverywhere: isEverywhere(layer) })
      if (guarded === undefined || isEverywhere(layer)) continue
      for (const path of mountPaths(layer)) {
        routes.push({ method: 'ALL', path: `${mount.prefix}${path}/*`, ...guarded })
      }
    } else {
      const inner = standing.map((item) =>
        item.stack === stack && isSamePath(item.layer, layer) ? { ...item, isEverywhere: true } : item,
      )
      for (const path of mountPaths(layer)) {
        const isSensitive = mount.isCaseSensitive && (isEverywhere(layer) || isCaseSensitive(layer))
        routes.push(
          ...routesIn(stackOf(layer.handle), { prefix: mount.prefix + path, isCaseSensitive: isSensitive }, inner),
        )
      }
    }
  }
  return routes
}

/** What the handler of a guard asks for; undefined for any other handler. */
function guardedBy(handler: unknown): Pick<GuardedRoute, 'requirements' | 'operations'> | undefined {
  const requirement = requirementOf(handler)
  if (requirement !== undefined) return { requirements: [requirement] }
  const operations = operationsOf(handler)
  return operations && { requirements: [], operations }
}

function routesAt(
  layer: Layer,
  route: NonNullable<Layer['route']>,
  mount: Mount,
  standing: readonly Standing[],
): readonly GuardedRoute[] {
  const paths = Array.isArray(route.path) ? route.path : [route.path]
  const methods = [...new Set(route.stack.map(({ method }) => method?.toUpperCase() ?? 'ALL'))]
  const isSensitive = mount.isCaseSensitive && isCaseSensitive(layer)
  return methods.flatMap((method) => {
    const own = route.stack.filter((item) => item.method === undefined || item.method.toUpperCase() === method)
    const inside = guardsBeforeHandler(own)
    return paths.map((at) => {
      const path = mount.prefix + String(at)
      const coverages = standing.map((item) => coverageOf(item, path, isSensitive))
      const passed = [
        ...standing.filter((_, at) => coverages[at] === 'all').map(({ layer }) => layer),
        ...inside.guards,
      ]
      return {
        method,
        path,
        ...guardsAmong(passed.map(({ handle }) => unwrapped(handle))),
        ...((inside.isUnclear || coverages.includes('?')) && { unclear: true as const }),
      }
    })
  })
}

/**
 * The guards of a route that stand before its handler. Any other function before a guard makes that one unclear: the
 * function may answer. One that names no `next` most likely does, so that what stands behind it does not count.
 */
function guardsBeforeHandler(stack: readonly Layer[]): { guards: readonly Layer[]; isUnclear: boolean } {
  const guards: Layer[] = []
  let hasOther = false
  let hasHandler = false
  let isUnclear = false
  for (const layer of stack) {
    const handler = unwrapped(layer.handle)
    if (guardedBy(handler) !== undefined || agentAuthOf(handler) !== undefined) {
      if (!hasHandler) guards.push(layer)
      isUnclear ||= hasOther
      continue
    }
    // Of express.json(): it answers with errors alone, and rules about a body need it before them.
    if ((handler as { name?: string }).name === 'jsonParser') continue
    hasOther = true
    hasHandler ||= Number((handler as { length?: number }).length) < 3
  }
  return { guards, isUnclear }
}

/** Only where the guard's own matcher takes every path that the route can have is the route guarded. */
function coverageOf({ layer, mount, isEverywhere }: Standing, path: string, isSensitive: boolean): Coverage {
  if (isEverywhere) return 'all'
  const own = path.slice(mount.prefix.length)
  if (own.includes(hidden) || !own.startsWith('/')) return '?'
  const sample = sampleOf(own)
  const spellings = isSensitive ? [sample.path] : [sample.path, inOtherCase(sample.path)]
  const matches = spellings.filter((spelling) => doesMatch(layer, spelling)).length
  if (matches < spellings.length) return sample.isWhole ? 'not all' : '?'
  const isStatic = sample.isWhole && !sample.path.includes('$')
  return isStatic || hasPlainPath(layer) ? 'all' : '?'
}
