/** What a layer of an Express router tells about itself, in version 4 and 5. */

export interface Layer {
  readonly handle?: unknown
  readonly method?: string
  /** Express 5.3: the path as it was given, or a list of them. */
  readonly rawPath?: unknown
  readonly slash?: boolean
  /** Express 4: the path compiled. */
  readonly regexp?: { readonly fast_slash?: boolean; readonly source: string; readonly flags: string }
  readonly route?: { readonly path: unknown; readonly stack: readonly Layer[] } | undefined
  match?(path: string): unknown
}

export interface ExpressApp {
  readonly router?: unknown
  readonly _router?: unknown
}

/** Express 4 throws at `app.router`, Express 5 has no `_router`. */
export function routerOf(app: ExpressApp): unknown {
  return app._router ?? app.router
}

export function stackOf(router: unknown): readonly Layer[] {
  const stack = (router as { stack?: unknown } | undefined)?.stack
  return Array.isArray(stack) ? stack : []
}

export function isEverywhere(layer: Layer): boolean {
  return layer.slash === true || layer.regexp?.fast_slash === true
}

/** Where the router keeps the prefix to itself: it is never guessed. */
export const hidden = '?'

export function mountPaths(layer: Layer): readonly string[] {
  if (isEverywhere(layer)) return ['']
  return rawPathsOf(layer).map((path) => (typeof path === 'string' ? path.replace(/\/$/, '') : hidden))
}

function rawPathsOf(layer: Layer): readonly unknown[] {
  return Array.isArray(layer.rawPath) ? layer.rawPath : [layer.rawPath]
}

/** Two layers of one router with one path match the same requests: `app.use(path, guard, router)` makes such. */
export function isSamePath(one: Layer, other: Layer): boolean {
  if (one.regexp !== undefined) return one.regexp.source === other.regexp?.source
  const paths = rawPathsOf(one)
  const others = rawPathsOf(other)
  return paths.length === others.length && paths.every((path, at) => path !== undefined && path === others[at])
}

/**
 * The path up to the first segment that is neither literal nor a whole `:parameter`, with one value for each parameter;
 * `isWhole` where nothing follows. The value is no literal segment, so that only a parameter matches it.
 */
export function sampleOf(path: string): { readonly path: string; readonly isWhole: boolean } {
  const segments = path.split('/')
  const odd = segments.findIndex((segment) => !plainSegment.test(segment))
  const plain = odd === -1 ? segments : segments.slice(0, odd)
  return { path: plain.map((segment) => (segment.startsWith(':') ? '$' : segment)).join('/'), isWhole: odd === -1 }
}

const plainSegment = /^(?:[\w.~@%-]*|:\w+)$/

/** Whether every value of a parameter matches as well as that of a sample does. */
export function hasPlainPath(layer: Layer): boolean {
  if (layer.regexp === undefined)
    return rawPathsOf(layer).every((path) => typeof path === 'string' && sampleOf(path).isWhole)
  return /^\^(?:\\\/(?:[\w~@%-]|\\[.-])+|\(\?:\\\/\(\[\^\\?\/\]\+\?\)\))*\\\/\?\(\?=\\\/\|\$\)$/.test(
    layer.regexp.source,
  )
}

export function doesMatch(layer: Layer, path: string): boolean {
  return Boolean(layer.match?.(path === '' ? '/' : path))
}

/** Whether it matches its own path in the letters it was given alone; false where that cannot be told. */
export function isCaseSensitive(layer: Layer): boolean {
  if (layer.regexp !== undefined) return !layer.regexp.flags.includes('i')
  return rawPathsOf(layer).every((path) => {
    const sample = typeof path === 'string' ? sampleOf(path) : undefined
    return sample?.isWhole === true && !doesMatch(layer, inOtherCase(sample.path))
  })
}

export function inOtherCase(path: string): string {
  return path.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
}
