import type { AuditEvent, Party } from 'onbehalf'
import type { ApiAnswer } from '../agents/agent.ts'
import type { TokenAnswer } from './protocol.ts'

/** One line of the table. */
export interface Row {
  readonly scene: string
  readonly who: string
  readonly forWhom: string
  readonly bound: string
  readonly decision: AuditEvent['decision']
  readonly status: number
  readonly code: string
}

/** Everything but the name of the scene comes from the HTTP answer and from what the API wrote down; where they differ, the demo fails. */
export function readRow(scene: string, answer: Pick<ApiAnswer, 'status' | 'body'>, events: readonly AuditEvent[]): Row {
  const [authentication] = events
  const last = events.at(-1)
  if (authentication === undefined || last === undefined) throw new Error(`${scene}: the API wrote nothing down`)
  const code = readCode(answer.body)
  if (code !== last.code) throw new Error(`${scene}: the answer says ${code}, the audit event ${last.code}`)
  if (answer.status < 400 !== (last.decision === 'admitted')) {
    throw new Error(`${scene}: the answer is ${answer.status}, the audit event says ${last.decision}`)
  }
  const proven = authentication.proof.result === 'valid'
  return {
    scene,
    who: describeActor(last, proven),
    forWhom: describePrincipal(last, proven),
    bound: proven ? (last.sender.method ?? '-') : '-',
    decision: last.decision,
    status: answer.status,
    code: code ?? '-',
  }
}

/** A refusal of the issuer: the code of the RFC, from the answer and from what the issuer wrote down. */
export function readIssuerRow(scene: string, answer: TokenAnswer, event: AuditEvent): Row {
  if ('token' in answer) throw new Error(`${scene}: the issuer has given a token`)
  const { status, error } = answer
  if (!event.facts?.reason?.startsWith(`${error}: `))
    throw new Error(`${scene}: the event gives another reason than ${error}`)
  return { scene, who: event.client ?? '-', forWhom: '-', bound: '-', decision: event.decision, status, code: error }
}
function describeActor({ actor, chain }: AuditEvent, proven: boolean): string {
  if (actor === null) return '-'
  const before = chain.slice(1)
  const path =
    before.length > 2 ? ` after ${before.length} others` : before.map(({ subject }) => ` asked by ${subject}`).join('')
  return claimed(name(actor) + path, proven)
}

function describePrincipal({ actor, principal }: AuditEvent, proven: boolean): string {
  if (principal === null) return '-'
  const itself = principal.subject === actor?.subject && principal.issuer === actor.issuer
  return claimed(itself ? 'itself' : name(principal), proven)
}

/** In brackets: what the token says of a caller who has not proved to be the one it was issued to. */
function claimed(text: string, proven: boolean): string {
  return proven ? text : `(${text})`
}

function name({ kind, subject }: Party): string {
  return `${kind} ${subject}`
}

function readCode(body: unknown): string | null {
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : null
}
