import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { OptionReader } from '../internal/option-reader.ts'
import { authInfoOf } from '../mcp/auth-info.ts'
import { noCodes } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AgentContext } from '../types/context.ts'
import type { VerifierOptions } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import type { HeaderList, Refusal, Verdict } from '../types/verdict.ts'
import type { Verifier } from '../types/verifier.ts'
import { createVerifier } from '../verifier.ts'
import { answerRefusal, type Entry, type OnRefusal } from './answer.ts'
import { createDocumentAnswer } from './document.ts'

/** What `agentAuth` does at every door. All rules are here; adapters translate. */

export interface AdmissionSettings<R> {
  /**
   * Let requests in that carry neither an Authorization nor a DPoP field line; anything else must pass in full. Default
   * false. It contradicts an `access` baseline.
   */
  optional?: boolean | undefined
  /** May change the body of a refusal, or hand the error to the framework; it has no way to admit. */
  onRefusal?: OnRefusal<R> | undefined
  /**
   * Put the `AuthInfo` of the MCP SDKs at `req.auth` (Fastify: `request.raw.auth`) of admitted requests. It does not contain
   * the token. Where other middleware has set `req.auth`, the request ends as an error of the configuration. Default: false;
   * `mcpAccess` sets it by itself.
   */
  authInfo?: boolean | undefined
}

export interface Admissions<R extends object> {
  readonly verifier: Verifier
  readonly optional: boolean
  /**
   * `scopes`: of the app's guarded routes, for the metadata; asked only when the document is. The document is built anew
   * when another list is given.
   */
  admit(request: R, view: RequestView, scopes?: () => readonly string[]): MaybePromise<Entry>
}

/** What one verifier said of one request. */
export interface Admission {
  readonly verifier: Verifier
  /** undefined: let in without credentials. */
  readonly verdict: Verdict | undefined
  readonly view: RequestView
  readonly answerOf: (refusal: Refusal) => Entry
  readonly earlier: Admission | undefined
}

/**
 * One per request and verifier: mounted twice, a guard never takes its own proof for a replay. It is no property of the
 * request, because other middleware could forge that.
 */
const admissions = new WeakMap<object, Admission>()

export function createAdmissions<R extends object>(
  optionsOrVerifier: VerifierOptions | Verifier,
  settings: AdmissionSettings<R> = {},
  /** `always`: a gate. It has no optional mode, and serves the metadata only where the options name them. */
  guards: 'always' | 'as set' = 'as set',
): Admissions<R> {
  const verifier = verifierFrom(optionsOrVerifier)
  const { optional, onRefusal, wantsAuthInfo } = readSettings<R>(settings, verifier, guards)
  const { metadata } = verifier
  const answerDocument =
    metadata && (guards === 'as set' || metadata.isExplicit) ? createDocumentAnswer(metadata) : undefined

  function admit(request: R, view: RequestView, scopes: () => readonly string[] = noScopes): MaybePromise<Entry> {
    const document = answerDocument?.(view, scopes)
    if (document !== undefined) return { kind: 'answered', answer: document }
    const answerOf = (refusal: Refusal) => answerRefusal(refusal, request, onRefusal)
    const known = admissionBy(verifier, request)
    // What an optional guard let in without credentials still has to pass a strict one.
    if (known !== undefined && (known.verdict !== undefined || (optional && isAnonymous(view)))) {
      return enter(request, { ...known, answerOf })
    }
    const admission = { verifier, view, answerOf, earlier: undefined }
    if (optional && isAnonymous(view)) return enter(request, { ...admission, verdict: undefined })
    return andThen(verdictOn(verifier, view, request), (verdict) => enter(request, { ...admission, verdict }))
  }

  function enter(request: R, admission: Admission): Entry {
    const entry = remember(request, admission)
    if (!wantsAuthInfo || entry.kind !== 'admitted') return entry
    return { ...entry, authInfo: authInfoOf(verifier, entry.context) }
  }

  return { verifier, optional, admit }
}

const none: readonly string[] = []
/** Verdicts that are awaited, so that a request which enters twice at once uses its proof once. */
const pending = new WeakMap<object, { readonly verifier: Verifier; readonly verdict: Promise<Verdict> }>()

function verdictOn(verifier: Verifier, view: RequestView, request: object): MaybePromise<Verdict> {
  const known = pending.get(request)
  if (known?.verifier === verifier) return known.verdict
  const verdict = verifier.checkNow(view, request)
  if (verdict instanceof Promise) pending.set(request, { verifier, verdict })
  return verdict
}

const noScopes = () => none

export function verifierFrom(optionsOrVerifier: VerifierOptions | Verifier): Verifier {
  const isMade = typeof (optionsOrVerifier as Partial<Verifier> | undefined)?.checkNow === 'function'
  return isMade ? (optionsOrVerifier as Verifier) : createVerifier(optionsOrVerifier as VerifierOptions)
}

function readSettings<R>(settings: AdmissionSettings<R>, verifier: Verifier, guards: 'always' | 'as set') {
  const read = new OptionReader()
  const raw = read.object('options', settings, guards === 'always' ? gateSettings : guardSettings) ?? {}
  const optional = read.boolean('optional', raw['optional']) ?? false
  const onRefusal = read.function<OnRefusal<R>>('onRefusal', raw['onRefusal'])
  const wantsAuthInfo = read.boolean('authInfo', raw['authInfo']) ?? false
  if (optional && verifier.hasBaseline) read.problem('optional', 'contradicts the baseline that access sets')
  read.finish()
  return { optional, onRefusal, wantsAuthInfo }
}

const gateSettings = ['onRefusal', 'authInfo']
const guardSettings = ['optional', ...gateSettings]

function isAnonymous(view: RequestView): boolean {
  return view.header('authorization').length === 0 && view.header('dpop').length === 0
}

function admissionBy(verifier: Verifier, request: object): Admission | undefined {
  let admission = admissions.get(request)
  while (admission !== undefined && admission.verifier !== verifier) admission = admission.earlier
  return admission
}

/** The guard that ran last is the one that routes rest on. */
function remember(request: object, admission: Admission): Entry {
  const latest = admissions.get(request)
  const earlier = latest?.verifier === admission.verifier ? latest.earlier : latest
  admissions.set(request, { ...admission, earlier })
  return entryOf(admission)
}

function entryOf({ verdict, answerOf, verifier }: Admission): Entry {
  if (verdict === undefined) return { kind: 'anonymous', headers: varyHeader(verifier) }
  if (!verdict.ok) return answerOf(verdict.refusal)
  return { kind: 'admitted', context: verdict.context, headers: verdict.headers }
}

function varyHeader({ vary }: Verifier): HeaderList {
  return vary === undefined ? noHeaders : [['Vary', vary]]
}

const noHeaders: HeaderList = Object.freeze([])

export function admissionOf(request: object): Admission | undefined {
  return admissions.get(request)
}

/** By the guards of routes. */
const reportedByGuards = new WeakMap<object, readonly RefusalCode[]>()

export function noteReported(request: object, codes: readonly RefusalCode[]): void {
  if (codes.length > 0) reportedByGuards.set(request, [...(reportedByGuards.get(request) ?? noCodes), ...codes])
}

/**
 * What an admitted request would have been refused for by now, were nothing only reported: by the guard that ran last and by
 * the requirements that the request has passed since. Empty where nothing would have refused it, and for a refused request.
 */
export function wouldRefuseOf(request: object): readonly RefusalCode[] {
  const verdict = admissions.get(request)?.verdict
  const byRequirements = reportedByGuards.get(request)
  const byVerdict = verdict?.ok === true ? verdict.wouldRefuse : noCodes
  return byRequirements === undefined ? byVerdict : Object.freeze([...new Set([...byVerdict, ...byRequirements])])
}

/** The context of an admitted request; undefined where there is none. */
export function contextOf(request: object): AgentContext | undefined {
  const verdict = admissions.get(request)?.verdict
  return verdict?.ok === true ? verdict.context : undefined
}
