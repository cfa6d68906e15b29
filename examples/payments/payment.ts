import type { AuthorizationDetail } from 'onbehalf'

export interface Payment {
  readonly amount: number
  readonly to: string
}

/** What an agent was allowed to pay: a detail of its token (RFC 9396), granted by the human or set by policy. */
interface PaymentDetail extends AuthorizationDetail {
  readonly limit: number
  readonly counterparties: readonly string[]
}

/** One detail must cover the whole payment: the limit of one and the counterparty of another do not add up. */
export function covers(detail: AuthorizationDetail, body: unknown): boolean {
  return (
    isPaymentDetail(detail) && isPayment(body) && body.amount <= detail.limit && detail.counterparties.includes(body.to)
  )
}

function isPaymentDetail(detail: AuthorizationDetail): detail is PaymentDetail {
  const { limit, counterparties } = detail
  return typeof limit === 'number' && Array.isArray(counterparties)
}

function isPayment(body: unknown): body is Payment {
  const { amount, to } = (body ?? {}) as Partial<Payment>
  return typeof amount === 'number' && amount > 0 && typeof to === 'string'
}
