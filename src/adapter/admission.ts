import { compileRequirement, copyRequirement, copyRule, isUnchanged } from '../access/requirement.ts'
import { andThen, answerOf, type MaybePromise } from '../internal/maybe-promise.ts'
import { OptionReader, OptionsError } from '../internal/option-reader.ts'
import { AuthError } from '../refusal/auth-error.ts'
import type { AccessRequirement } from '../types/access.ts'
import type { AgentContext } from '../types/context.ts'
import type { VerifierOptions } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import type { HeaderList, Refusal, Verdict } from '../types/verdict.ts'
import type { Verifier } from '../types/verifier.ts'
import { createVerifier } from '../verifier.ts'

/** What an adapter puts between a framework and a verifier. All rules are here; adapters translate. */

export interface DoorSettings<R> {
  /** Let requests in that carry neither an Authorization nor a DPoP field line; anything else must pass in full. */
  optional?: boolean | undefined
  /** May change the body, or hand the error to the framework; it has no way to admit. */
  onRefusal?: OnRefusal<R> | undefined
}

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type OnRefusal<R> = (refusal: Refusal, request: R) => { body?: unknown; handOver?: true } | undefined | void

/** What the adapter is to do with a request. */
export type Entry =
  | { readonly kind: 'admitted'; readonly context: AgentContext; readonly headers: HeaderList }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'handed over'; readonly error: AuthError }

/** A response to write as it stands. */
export interface Answer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string
}

export interface Door<R extends object> {
  readonly verifier: Verifier
  /** `scopes`: of the app's guarded routes, for the metadata; asked only when the document is. */
  enter(request: R, view: RequestView, scopes?: () => readonly string[]): MaybePromise<Entry>
}

interface Admission {
  readonly verifier: Verifier
  /** undefined: let in without credentials. */
  readonly verdict: Verdict | undefined
  readonly view: RequestView
  readonly conclude: (refusal: Refusal) => Entry
  readonly earlier: Admission | undefined
}

/** One per request and verifier: mounted twice, a door never takes its own proof for a replay. Not the property: that could be forged. */
const admissions = new WeakMap<object, Admission>()

export function createDoor<R extends object>(
  optionsOrVerifier: VerifierOptions | Verifier,
  settings: DoorSettings<R> = {},
  /** `always`: this door has no optional mode. */
  guards: 'always' | 'as set' = 'as set',
): Door<R> {
  const verifier = isVerifier(optionsOrVerifier) ? optionsOrVerifier : createVerifier(optionsOrVerifier)
  const { optional, onRefusal } = readSettings<R>(settings, verifier, guards)

  function enter(request: R, view: RequestView, scopes: () => readonly string[] = noScopes): MaybePromise<Entry> {
    const { metadata } = verifier
    if (metadata !== undefined && view.method === 'GET' && view.target === metadata.path) {
      return { kind: 'answered', answer: documentAnswer(metadata.document(scopes())) }
    }
    const conclude = (refusal: Refusal) => concludeRefusal(refusal, request, onRefusal)
    const known = admissionBy(verifier, request)
    // What an optional guard let in without credentials still has to pass a strict one.
    if (known !== undefined && (known.verdict !== undefined || (optional && isAnonymous(view)))) {
      return remember(request, { ...known, conclude })
    }
    const admission = { verifier, view, conclude, earlier: undefined }
    if (optional && isAnonymous(view)) return remember(request, { ...admission, verdict: undefined })
    return andThen(verifier.checkNow(view, request), (verdict) => remember(request, { ...admission, verdict }))
  }

  /** The latest guard's admission is the one that routes rest on. */
  function remember(request: R, admission: Admission): Entry {
    const latest = admissions.get(request)
    const earlier = latest?.verifier === verifier ? latest.earlier : latest
    admissions.set(request, { ...admission, earlier })
    return entryOf(admission)
  }

  return { verifier, enter }
}

const noScopes = () => []

function isVerifier(value: VerifierOptions | Verifier): value is Verifier {
  return typeof (value as Partial<Verifier> | undefined)?.checkNow === 'function'
}

function readSettings<R>(settings: DoorSettings<R>, verifier: Verifier, guards: 'always' | 'as set') {
  const read = new OptionReader()
  const raw = read.object('options', settings, guards === 'always' ? ['onRefusal'] : ['optional', 'onRefusal']) ?? {}
  const optional = read.boolean('optional', raw['optional']) ?? false
  const onRefusal = read.function<OnRefusal<R>>('onRefusal', raw['onRefusal'])
  if (optional && verifier.hasFloor) read.problem('optional', 'contradicts the floor that access sets for every route')
  read.finish()
  return { optional, onRefusal }
}

function isAnonymous(view: RequestView): boolean {
  return view.header('authorization').length === 0 && view.header('dpop').length === 0
}

function admissionBy(verifier: Verifier, request: object): Admission | undefined {
  let admission = admissions.get(request)
  while (admission !== undefined && admission.verifier !== verifier) admission = admission.earlier
  return admission
}

function entryOf({ verdict, conclude }: Admission): Entry {
  if (verdict === undefined) return { kind: 'anonymous' }
  if (!verdict.ok) return conclude(verdict.refusal)
  return { kind: 'admitted', context: verdict.context, headers: verdict.headers }
}

function concludeRefusal<R>(refusal: Refusal, request: R, onRefusal: OnRefusal<R> | undefined): Entry {
  const wish = askForWish(refusal, request, onRefusal)
  if (wish?.handOver === true) return { kind: 'handed over', error: new AuthError(refusal) }
  return {
    kind: 'answered',
    answer: {
      status: refusal.status,
      headers: [...refusal.headers, ['Content-Type', 'application/problem+json']],
      body: wish?.body ?? JSON.stringify(refusal.body),
    },
  }
}

/** A hook that fails changes nothing: the refusal stands as it is. */
function askForWish<R>(refusal: Refusal, request: R, onRefusal: OnRefusal<R> | undefined) {
  const wish = answerOf(() => onRefusal?.(refusal, request))
  if (typeof wish !== 'object' || wish === null) return undefined
  return answerOf(() => {
    const { body, handOver } = wish
    return { handOver, body: typeof body === 'string' ? body : JSON.stringify(body) }
  })
}

/** RFC 9728 §3.2 and §7.10. */
function documentAnswer(document: Readonly<Record<string, unknown>>): Answer {
  return {
    status: 200,
    headers: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'max-age=3600'],
    ],
    body: JSON.stringify(document),
  }
}

/** A route's guard: judges the request that a door admitted, by the route's requirement. Throws OptionsError for a wrong one. */
export function createGuard<R extends object>(
  requirement: AccessRequirement<R>,
): (request: R) => MaybePromise<Entry | undefined> {
  const read = new OptionReader()
  compileRequirement(read, 'requirement', requirement, undefined)
  if (requirement === undefined) read.problem('requirement', 'is required')
  read.finish()
  const own = copyRequirement(requirement)

  return function guard(request) {
    const admission = admissions.get(request)
    if (admission === undefined) {
      throw new OptionsError([{ path: 'requireAccess', message: 'stands on a route that no agentAuth() guards' }])
    }
    const { verifier, verdict, view, conclude } = admission
    if (verdict === undefined) return andThen(verifier.challenge(own, view), conclude)
    if (!verdict.ok) return conclude(verdict.refusal)
    return andThen(verifier.authorizeNow(verdict.context, own, request), (decision) =>
      decision.ok ? undefined : conclude(decision.refusal),
    )
  }
}

/** For hosts that name the requirement at each request: one guard per object, as long as it stays as it is. */
export function createGuards<R extends object>(): (
  requirement: AccessRequirement<R>,
) => (request: R) => MaybePromise<Entry | undefined> {
  const guards = new WeakMap<AccessRequirement<R>, { guard: ReturnType<typeof createGuard<R>>; snapshot: unknown }>()
  return function guardOf(requirement) {
    const known = guards.get(requirement)
    if (known !== undefined && isUnchanged(requirement, known.snapshot)) return known.guard
    const guard = createGuard<R>(requirement)
    guards.set(requirement, { guard, snapshot: copyRule(requirement) })
    return guard
  }
}

/** The context of an admitted request; undefined where there is none. */
export function contextOf(request: object): AgentContext | undefined {
  const verdict = admissions.get(request)?.verdict
  return verdict?.ok === true ? verdict.context : undefined
}
