import type { Needs } from '../access/needs.ts'
import type { Scheme } from '../credentials.ts'
import { hintAtRefusal } from '../internal/process-warnings.ts'
import type { HeaderList, Problem, Refusal } from '../types/verdict.ts'
import type { Denial } from './denial.ts'
import { type RefusalRow, refusals } from './table.ts'

export interface ChallengePolicy {
  readonly takesBearer: boolean
  readonly dpop: { readonly algorithms: readonly string[] } | false
  readonly problemCodes: boolean
  /** The value of `Vary`, where answers depend on a field of the request. */
  readonly vary?: string | undefined
}

export interface RefusalContext {
  /** The scheme the caller used; undefined where there was none of ours. */
  readonly scheme: Scheme | undefined
  readonly needs: Needs
  /** The nonce the answer must carry. */
  readonly nonce: string | undefined
}

export type Refuse = (denial: Denial, context: RefusalContext) => Refusal

/** Refusal → status, headers, body, frozen: a hook may look, not change. Text comes from the table alone: no token, claim, header or address gets in. */
export function createRefuser(policy: ChallengePolicy, readMetadataUrl: () => string | undefined): Refuse {
  const algs = policy.dpop === false ? undefined : policy.dpop.algorithms.join(' ')
  const schemes: readonly Scheme[] = [...(policy.takesBearer ? bearer : []), ...(policy.dpop === false ? [] : onlyDpop)]

  type Parts = Omit<Refusal, 'facts'>
  /** What depends on code, scheme and needs alone is made once: a refusal must be cheaper than an admission. */
  let made = new WeakMap<Needs, Map<string, Parts>>()
  let metadataUrl: string | undefined

  return function refuse(denial, context) {
    const url = readMetadataUrl()
    if (url !== metadataUrl) {
      metadataUrl = url
      made = new WeakMap()
    }
    if (denial.facts.hint !== undefined) hintAtRefusal(denial.code, denial.facts.hint)
    const { status } = refusals[denial.code]
    const isConstant = context.nonce === undefined && status < 429
    const parts = isConstant ? knownParts(denial, context) : makeParts(denial, context)
    const { code, error, headers, body } = parts
    return Object.freeze({ code, status, error, headers, body, facts: denial.facts })
  }

  function knownParts(denial: Denial, context: RefusalContext): Parts {
    const ofNeeds = made.get(context.needs) ?? new Map<string, Parts>()
    made.set(context.needs, ofNeeds)
    const name = `${denial.code} ${context.scheme}`
    const known = ofNeeds.get(name) ?? makeParts(denial, context)
    ofNeeds.set(name, known)
    return known
  }

  function makeParts(denial: Denial, context: RefusalContext): Parts {
    const row = refusals[denial.code]
    return {
      code: denial.code,
      status: row.status,
      error: row.error,
      headers: headersOf(denial, row, context),
      body: bodyOf(denial, row),
    }
  }

  function headersOf(denial: Denial, row: RefusalRow, context: RefusalContext): HeaderList {
    const headers: [string, string][] = []
    if (row.status === 429 || row.status === 503) headers.push(['Retry-After', String(denial.retryAfter)])
    else if (row.error !== null || row.status === 401) headers.push(['WWW-Authenticate', challenges(row, context)])
    if (context.nonce !== undefined) headers.push(['DPoP-Nonce', context.nonce])
    headers.push(['Cache-Control', 'no-store'])
    if (policy.vary !== undefined) headers.push(['Vary', policy.vary])
    return Object.freeze(headers.map((header) => Object.freeze(header)))
  }

  /**
   * Bearer before DPoP, in one field line (RFC 9110 §11.6.1). A request under the scheme DPoP is answered with that scheme
   * alone: many clients recognise `use_dpop_nonce` only where no other challenge stands beside it.
   */
  function challenges(row: RefusalRow, context: RefusalContext): string {
    const isMalformed = row.status === 400
    const isDpopAlone = context.scheme === 'DPoP' && policy.dpop !== false && !isMalformed
    const listed = isDpopAlone ? onlyDpop : schemes
    const used = isMalformed || context.scheme === undefined ? undefined : schemeWithError(context.scheme)
    return listed.map((scheme) => challenge(scheme, row, context.needs, isMalformed || scheme === used)).join(', ')
  }

  /** The scheme used; where it is not listed, the first that is. */
  function schemeWithError(scheme: Scheme): Scheme | undefined {
    return schemes.includes(scheme) ? scheme : schemes[0]
  }

  function challenge(scheme: Scheme, row: RefusalRow, needs: Needs, hasError: boolean): string {
    const parameters: string[] = []
    if (row.error !== null && hasError) {
      parameters.push(`error="${row.error}"`, `error_description="${row.detail}"`)
      if (row.error === refusals.authentication_insufficient.error) {
        if (needs.acr !== undefined) parameters.push(`acr_values="${needs.acr.join(' ')}"`)
        if (needs.maxAuthAgeSeconds !== undefined) parameters.push(`max_age="${needs.maxAuthAgeSeconds}"`)
      }
    }
    if (needs.scopes.length > 0) parameters.push(`scope="${needs.scopes.join(' ')}"`)
    if (scheme === 'DPoP') parameters.push(`algs="${algs}"`)
    if (metadataUrl !== undefined) parameters.push(`resource_metadata="${metadataUrl}"`)
    return parameters.length === 0 ? scheme : `${scheme} ${parameters.join(', ')}`
  }

  function bodyOf({ code }: Denial, row: RefusalRow): Problem {
    return Object.freeze({
      type: 'about:blank',
      title: titles[row.status],
      status: row.status,
      detail: row.detail,
      ...(row.error === null ? {} : { error: row.error, error_description: row.detail }),
      ...(policy.problemCodes ? { code } : {}),
    })
  }
}

const bearer: readonly Scheme[] = ['Bearer']
const onlyDpop: readonly Scheme[] = ['DPoP']

/** RFC 9457 §4.2.1: with `about:blank` the title is the status phrase. */
const titles: Readonly<Record<RefusalRow['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}
