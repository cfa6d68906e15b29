import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { Facts } from '../types/verdict.ts'

/** What a `where` rule says about its answer, for the audit event alone. */
export interface Remark {
  readonly reason?: string
  readonly policyVersion?: string
}

/** What the audit notes of a requirement that was judged. */
export interface Judged {
  /** The member that refused, `where:NAME` for a rule with a name; null where all hold. */
  readonly rule: string | null
  readonly remark: Remark | undefined
}

interface Particulars {
  readonly facts?: Facts | undefined
  readonly remark?: Remark | undefined
  readonly acr?: readonly string[] | undefined
}

/** Why a requirement refused. */
export class AccessDenial extends Denial implements Judged {
  readonly rule: string
  readonly remark: Remark | undefined
  /** Values that the `where` rule asks for, in place of the requirement's own. */
  readonly acr: readonly string[] | undefined

  constructor(code: RefusalCode, rule: string, { facts, remark, acr }: Particulars = {}) {
    super(code, facts)
    this.rule = rule
    this.remark = remark
    this.acr = acr
  }
}

/** A requirement that holds, with what its rule said about it. */
export interface Allowance extends Judged {
  readonly rule: null
  readonly remark: Remark
}

/** Undefined: the requirement holds. */
export type Judgement = AccessDenial | Allowance | undefined
