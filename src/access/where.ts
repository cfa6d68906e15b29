import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { causeOf } from '../internal/no-answer.ts'
import type { Rule } from '../types/access.ts'
import type { AgentContext } from '../types/context.ts'
import { AccessDenial, type Judgement, type Remark } from './judgement.ts'

/** A `where` rule read and checked. */
export interface CompiledWhere {
  readonly test: Rule
  /** `where`, or `where:NAME` for one with a name. */
  readonly rule: string
}

/** Asks a `where` rule. An error, silence or an answer of another shape is an outage of the policy: 503. */
export function askWhere(
  { test, rule }: CompiledWhere,
  context: AgentContext,
  request: unknown,
  hookTimeoutMs: number,
): MaybePromise<Judgement> {
  return andThen(
    settle<unknown>(() => test(context, request), hookTimeoutMs),
    (answer) => (answer === true ? undefined : judgeWhere(answer, rule)),
  )
}

function judgeWhere(answer: unknown, rule: string): Judgement {
  if (answer === false) return new AccessDenial('access_denied', rule)
  const read = readRuleAnswer(answer)
  if (read === undefined) {
    const cause = causeOf(answer, 'answered something else than an Answer')
    return new AccessDenial('policy_unavailable', rule, { facts: { cause } })
  }
  const { allow, acr, remark } = read
  if (allow) return remark && { rule: null, remark }
  if (acr === undefined || acr.length === 0) return new AccessDenial('access_denied', rule, { remark })
  return new AccessDenial('authentication_insufficient', rule, { remark, acr })
}

interface ReadAnswer {
  readonly allow: boolean
  readonly acr: readonly string[] | undefined
  readonly remark: Remark | undefined
}

/** Own members only, each read once: a polluted prototype must not allow, and a getter may throw. */
function readRuleAnswer(answer: unknown): ReadAnswer | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  try {
    const { allow, reason, acr, policyVersion } = { __proto__: null, ...answer } as Record<string, unknown>
    if (typeof allow !== 'boolean' || !isText(reason) || !isText(policyVersion)) return undefined
    const values = acr === undefined ? undefined : readValues(acr)
    if (acr !== undefined && values === undefined) return undefined
    const remark = { ...(reason !== undefined && { reason }), ...(policyVersion !== undefined && { policyVersion }) }
    return { allow, acr: values, remark: Object.keys(remark).length === 0 ? undefined : remark }
  } catch {
    return undefined
  }
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

/** RFC 6749 §3.3: one scope token, which is also the grammar of one value of `acr_values` (RFC 9470 §3). */
export const scopeToken: RegExp = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** The values go into a header: one that breaks its grammar is no answer. */
function readValues(acr: unknown): readonly string[] | undefined {
  if (!Array.isArray(acr)) return undefined
  const values: readonly unknown[] = Object.freeze([...acr])
  return values.every((value): value is string => typeof value === 'string' && scopeToken.test(value))
    ? values
    : undefined
}
