import { KeyObject } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { IssuerPolicy } from './issuer.ts'

/** Whether two readings of an issuer mean the same. Functions are compared by identity, private keys by value where Node can tell. */
export function isSameIssuer(a: IssuerPolicy, b: IssuerPolicy): boolean {
  const [first, second] = [splitKey(a), splitKey(b)]
  return isSameKeyObject(first.key, second.key) && isDeepStrictEqual(first.rest, second.rest)
}

/** The key of a client apart: two keys of Web Cryptography can look alike to a comparison of members. */
function splitKey(policy: IssuerPolicy): { readonly key: unknown; readonly rest: unknown } {
  const client = policy.introspection?.client
  if (client === undefined || !('key' in client)) return { key: undefined, rest: policy }
  const { privateKey: key, ...others } = client.key
  return { key, rest: { ...policy, introspection: { ...policy.introspection, client: { ...client, key: others } } } }
}

function isSameKeyObject(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof KeyObject && b instanceof KeyObject && a.equals(b))
}
