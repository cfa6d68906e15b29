import type { Context } from 'oidc-provider'
import type { Entry } from './journal.ts'

/** What oidc-provider has answered, as the journal tells it. */

export function bodyOf({ body }: Context): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

export function placeOf({ method, path, ip }: Context): Pick<Entry, 'method' | 'path' | 'address'> {
  return { method, path, address: ip }
}

/** Of an error as RFC 6749 §5.2 writes it. */
export function refusalOf(context: Context): Pick<Entry, 'reason' | 'status'> & { readonly reason: string } {
  const { error, error_description: description } = bodyOf(context)
  return { reason: `${error}: ${description ?? ''}`, status: context.status }
}
