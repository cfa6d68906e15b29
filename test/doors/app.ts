import type { AccessRequirement, AgentContext, OnRefusal, VerifierOptions } from 'onbehalf'
import type { Ask } from './wire.ts'

/** An API as every door builds it. */
export interface AppSpec {
  readonly options: VerifierOptions
  readonly routes: readonly RouteSpec[]
  readonly onRefusal?: OnRefusal<object>
  /** How many guards are mounted before the routes. Default 1. */
  readonly guards?: number
  /** The guard is in the router mounted there, not before all routes. */
  readonly guardedMount?: string
  /** The host joins repeated fields and leaves `rawHeaders` empty. */
  readonly isServerless?: boolean
  /** A server certificate: TLS, and a client certificate is asked for. */
  readonly tls?: { readonly key: string; readonly certificate: string }
}

export interface RouteSpec {
  /** Below the mount; with `/*` at its end, everything under it with any method. */
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'OPTIONS'
  readonly mount?: string
  readonly requirement?: AccessRequirement<object>
}

/** A limit of a host or protocol that changes answers: each is a column of the table. */
export type Trait =
  /** A web-standard Request joins repeated fields and rewrites the path. */
  | 'web request'
  /** RFC 9113 §8.2 and §8.3: the protocol itself refuses such a message. */
  | 'http2'
  /** Fastify's router answers some requests itself, before any hook. */
  | 'fastify router'
  /** The guard and the requirement are one call: no route can have one without the other. */
  | 'one call'
  /** The guard learns a requirement only from a request, so the metadata cannot list what routes require. */
  | 'requirement at the request'

export interface Door {
  readonly name: string
  readonly traits: readonly Trait[]
  start(app: AppSpec): Promise<RunningApp>
}

export interface RunningApp {
  readonly port: number
  readonly ask: Ask
  close(): Promise<void>
}

export function fullPath({ mount = '', path }: RouteSpec): string {
  return mount + path
}

/** What every handler answers. */
export function reached(route: RouteSpec, context: AgentContext | undefined): Reached {
  return { reached: fullPath(route), context: context ?? null }
}

export interface Reached {
  readonly reached: string
  readonly context: AgentContext | null
}

/** What every error handler answers to a refusal handed over. */
export function handed(error: unknown): { status: number; body: { handed: unknown } } {
  const { status, code } = error as { status?: unknown; code?: unknown }
  return { status: typeof status === 'number' ? status : 500, body: { handed: code } }
}
