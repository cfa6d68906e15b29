import { checkAccess } from '../access/check-access.ts'
import { AccessDenial } from '../access/judgement.ts'
import { compileRequirement, type Requirement, refusingRequirement } from '../access/requirement.ts'
import { type Admission, admissionOf, noteReported } from '../adapter/admission.ts'
import type { Entry } from '../adapter/answer.ts'
import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { NoAnswer } from '../internal/no-answer.ts'
import { OptionsError } from '../internal/option-reader.ts'
import type { AgentContext } from '../types/context.ts'
import type { AuthInfo, McpRuleFunction, McpTable } from '../types/mcp.ts'
import { authInfoOf } from './auth-info.ts'
import { answeredId, type Message, readMessages } from './messages.ts'
import { agreesWithBody } from './standard-headers.ts'
import { compileTable, deniedByTable, type OperationRule, type RuleTable } from './table.ts'
import { otherSpelling } from './written-uri.ts'

/** What `mcpAccess` does at every door. */
export interface McpGuard extends Pick<RuleTable, 'operations'> {
  /**
   * Undefined where every message of the body may pass. Throws OptionsError for a request that no guard has seen, and for a
   * POST without a parsed body.
   */
  judge(request: object, method: string | undefined, body: unknown): MaybePromise<Entry | undefined>
  allows(context: AgentContext, method: string, name?: string): boolean
  /** Of a request that a guard has admitted. */
  authInfo(request: object): AuthInfo | undefined
}

const nothing = compileRequirement({})
const malformed = refusingRequirement('request_malformed', 'table')
const unavailable = unavailableBecause("the rule answered neither 'deny' nor a good requirement")

function unavailableBecause(cause: string): Requirement {
  return refusingRequirement('policy_unavailable', 'table', { cause })
}

/** An operation is cut to this length in the audit. */
const operationLength = 512

export function createMcpGuard(table: McpTable<never>): McpGuard {
  const { ruleFor, operations } = compileTable(table)

  function judge(request: object, method: string | undefined, body: unknown): MaybePromise<Entry | undefined> {
    const admission = admissionOf(request)
    if (admission === undefined) throw misplaced('needs agentAuth() before it on the same route')
    const { verifier, verdict, view, answerOf } = admission
    if (verdict === undefined) return andThen(verifier.challenge(nothing, view), answerOf)
    if (!verdict.ok) return answerOf(verdict.refusal)
    // The streams and the end of a session have no message.
    if (bodiless.has(method) && !holdsMessage(body)) return undefined
    const messages = readMessages(parsedBody(body))
    const caller: Caller = { request, admission, context: verdict.context }
    if (messages === undefined) return refuseBody(caller, -32_600, undefined)
    if (!agreesWithBody(view, messages)) return refuseBody(caller, -32_020, messages)
    return judgeFrom(0, messages, caller)
  }

  /** One after the other: the first that is refused is the answer. */
  function judgeFrom(at: number, messages: readonly Message[], caller: Caller): MaybePromise<Entry | undefined> {
    const message = messages[at]
    if (message === undefined) return undefined
    const judged = andThen(judgeMessage(message, caller), (entry) => entry ?? judgeOther(message, caller))
    return andThen(judged, (entry) => entry ?? judgeFrom(at + 1, messages, caller))
  }

  /** A server may go by either spelling of a URI, so both must be allowed. */
  function judgeOther(message: Message, caller: Caller): MaybePromise<Entry | undefined> {
    const { method, name, params } = message
    const uri = otherSpelling(method ?? '', name)
    if (method === undefined || uri === undefined) return undefined
    const rule = ruleFor(method, uri)
    if (typeof rule !== 'function' && rule === ruleFor(method, name)) return undefined
    return judgeMessage({ ...message, name: uri, params: { ...params, uri } }, caller)
  }

  function allows(context: AgentContext, method: string, name?: string): boolean {
    if (!mayPass(ruleFor(method, name), context)) return false
    const uri = otherSpelling(method, name)
    return uri === undefined || mayPass(ruleFor(method, uri), context)
  }

  function judgeMessage(message: Message, caller: Caller): MaybePromise<Entry | undefined> {
    if (message.method === undefined) return undefined
    const rule = ruleFor(message.method, message.name)
    if (rule === undefined) return undefined
    if (typeof rule !== 'function') return authorize(rule, message, caller)
    if (message.isNameOdd) return authorize(deniedByTable, message, caller)
    return andThen(askRule(rule, message, caller.admission.verifier.hookTimeoutMs), (asked) =>
      authorizeAnswer(asked, message, caller),
    )
  }

  return {
    judge,
    operations,
    allows,
    authInfo: admittedAuthInfo,
  }
}

function admittedAuthInfo(request: object): AuthInfo | undefined {
  const admission = admissionOf(request)
  return admission?.verdict?.ok === true ? authInfoOf(admission.verifier, admission.verdict.context) : undefined
}

interface Caller {
  readonly request: object
  readonly admission: Admission
  readonly context: AgentContext
}

function authorize(
  requirement: Requirement,
  message: Message,
  { request, admission, context }: Caller,
): MaybePromise<Entry | undefined> {
  // The body has been awaited since the guard admitted the request.
  const about = { operation: operationOf(message), hasWaited: true }
  const decision = admission.verifier.authorizeNow(context, requirement, request, about)
  return andThen(decision, (made) => {
    if (!made.ok) return admission.answerOf(made.refusal)
    noteReported(request, made.wouldRefuse)
    return undefined
  })
}

/** As the audit names it. */
function operationOf({ method = '', name = '' }: Message): string {
  return (name === '' ? method : `${method} ${name}`).slice(0, operationLength)
}

/** A party rule that a function names may not fit the issuers of the verifier. */
function authorizeAnswer(requirement: Requirement, message: Message, caller: Caller): MaybePromise<Entry | undefined> {
  try {
    return authorize(requirement, message, caller)
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error
    return authorize(unavailable, message, caller)
  }
}

/** A function that throws, is late or answers anything else could not be judged: 503. */
function askRule(
  rule: McpRuleFunction<never>,
  { name = '', params }: Message,
  hookTimeoutMs: number,
): MaybePromise<Requirement> {
  return andThen(
    settle<unknown>(() => rule(name, params), hookTimeoutMs),
    (answer) => {
      if (answer === 'deny') return deniedByTable
      if (answer instanceof NoAnswer) return unavailableBecause(answer.cause)
      try {
        return compileRequirement(answer as never)
      } catch {
        return unavailable
      }
    },
  )
}

/**
 * A body that the server would read in another way than the rules do is refused in JSON-RPC, and is recorded as malformed.
 * A required audit sink that fails answers for itself.
 */
function refuseBody(
  { request, admission, context }: Caller,
  code: -32_600 | -32_020,
  messages: readonly Message[] | undefined,
): MaybePromise<Entry> {
  const asked = messages?.find(({ method }) => method !== undefined)
  const about = asked && { operation: operationOf(asked) }
  const decision = admission.verifier.authorizeNow(context, malformed, request, about)
  return andThen(decision, (made) => {
    if (!made.ok && made.refusal.code !== 'request_malformed') return admission.answerOf(made.refusal)
    const error = { code, message: rpcMessages[code] }
    const body = JSON.stringify({ jsonrpc: '2.0', id: answeredId(messages), error })
    return { kind: 'answered', answer: { status: 400, headers: [['Content-Type', 'application/json']], body } }
  })
}

const rpcMessages = {
  [-32_600]: 'The body must be a JSON-RPC request, notification or response, or 1 to 32 of them',
  [-32_020]: 'The headers Mcp-Method and Mcp-Name must say what the body says',
} as const

const bodiless: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS'])

/** Some parsers read the body of any request, and some servers would act on it. */
function holdsMessage(body: unknown): boolean {
  return Array.isArray(body) || (typeof body === 'object' && body !== null && Object.hasOwn(body, 'method'))
}

function parsedBody(body: unknown): object {
  const isParsed = body !== undefined && typeof body !== 'string' && !ArrayBuffer.isView(body)
  if (!isParsed) throw misplaced('needs the parsed JSON body: put express.json() or the like before it')
  return Object(body) as object
}

function misplaced(message: string): OptionsError {
  return new OptionsError([{ path: 'mcpAccess', message }])
}

/** What only a request, a function or another sign-in decides counts as possible. */
function mayPass(rule: OperationRule | undefined, context: AgentContext): boolean {
  if (rule === undefined || typeof rule === 'function' || rule.isReported) return true
  const { actor, principal } = rule
  const decided: Requirement = {
    ...rule,
    actor: typeof actor === 'function' ? undefined : actor,
    principal: typeof principal === 'function' ? undefined : principal,
    pair: undefined,
    details: undefined,
    acr: undefined,
    maxAuthAgeSeconds: undefined,
    where: undefined,
  }
  const judgement = checkAccess(decided, context, undefined, {
    nowSeconds: () => 0,
    toleranceSeconds: 0,
    issuers: { configured: [context.token.issuer], hasOthers: false },
    hookTimeoutMs: 0,
  })
  return !(judgement instanceof AccessDenial)
}
