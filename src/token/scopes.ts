import type { JsonObject } from '../jose/strict-json.ts'
import type { Dialect } from '../types/dialect.ts'
import { ClaimFault } from './faults.ts'

type Carrier = NonNullable<Dialect['scopes']>[number]

/** Several carriers must agree, so that no claim can widen what another says. */
export function readScopes(claims: JsonObject, carriers: readonly Carrier[]): readonly string[] {
  let known: readonly string[] | undefined
  for (const carrier of carriers) {
    if (!Object.hasOwn(claims, carrier)) continue
    const scopes = readCarrier(claims[carrier], carrier)
    if (known !== undefined && !isSameSet(known, scopes)) throw new ClaimFault(carrier)
    known ??= scopes
  }
  return known ?? []
}

function readCarrier(value: unknown, carrier: Carrier): readonly string[] {
  if (carrier !== 'scopes' && typeof value === 'string') return readScopeText(value, carrier)
  if (carrier === 'scope' || !Array.isArray(value)) throw new ClaimFault(carrier)
  if (!value.every((item) => typeof item === 'string' && scopeToken.test(item))) throw new ClaimFault(carrier)
  return value
}

/** RFC 6749 §3.3. Entra ID writes `/` into `scp` where there is none. */
function readScopeText(text: string, carrier: Carrier): readonly string[] {
  if (text === '' || (carrier === 'scp' && text === '/')) return []
  const scopes = text.split(' ')
  if (!scopes.every((scope) => scopeToken.test(scope))) throw new ClaimFault(carrier)
  return scopes
}

const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === new Set(b).size
}
