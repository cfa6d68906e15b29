import { decodeObject, hasExtensions } from '../jose/compact-jws.ts'
import type { Facts } from '../types/verdict.ts'

/** What is decoded again to name the fault. A longer header gets a less exact cause, so that a refusal stays cheap. */
const maxHeaderLength = 512

/** Why a token is not a JWS that this package takes. It tells the form only and quotes nothing of the token. */
export function malformedTokenFacts(token: string): Facts {
  const { length, 0: header = '' } = token.split('.', 6)
  if (length === 1) return { cause: 'opaque: the token is not a JWT' }
  // RFC 7516 §7.1: five parts.
  if (length === 5) return { cause: 'encrypted: the token is a JWE' }
  if (length !== 3) return { cause: 'the token does not have three parts' }
  if (header.length > maxHeaderLength) return { cause: 'the token is not a readable JWS' }
  const members = decodeObject(header, 0, header.length)
  if (members === undefined) return { cause: 'the header is not base64url of one JSON object' }
  if (hasExtensions(members)) return { claim: Object.hasOwn(members, 'crit') ? 'crit' : 'b64' }
  const { kid } = members
  if (kid !== undefined && typeof kid !== 'string') return { claim: 'kid' }
  return { cause: 'payload or signature is not base64url, or the payload is not one JSON object' }
}
