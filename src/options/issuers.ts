import type { OptionReader } from '../internal/option-reader.ts'
import { refuseSeveralIntrospections } from './introspection.ts'
import { type CommonPolicy, type IssuerPolicy, readIssuer } from './issuer.ts'
import { isResolver, type ResolverPolicy, readResolver } from './issuer-resolver.ts'

/** Whose tokens are taken: issuers known at start, and who is asked about others. */
export interface IssuersPolicy {
  readonly issuers: ReadonlyMap<string, IssuerPolicy>
  /** In the order in which they are asked. */
  readonly resolvers: readonly ResolverPolicy[]
}

export function readIssuers(read: OptionReader, value: unknown, common: CommonPolicy): IssuersPolicy {
  const issuers = new Map<string, IssuerPolicy>()
  const resolvers: ResolverPolicy[] = []
  if (value === undefined) read.problem('issuer', 'is required: an issuer URL, an object or a list of them')
  const items: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  if (Array.isArray(value) && value.length === 0) read.problem('issuer', 'must name at least one issuer')
  for (const [index, item] of items.entries()) {
    const path = Array.isArray(value) ? `issuer[${index}]` : 'issuer'
    if (isResolver(item)) {
      const resolver = readResolver(read, path, item, common)
      if (resolver !== undefined) resolvers.push(resolver)
      continue
    }
    const policy = readIssuer(read, path, item, common)
    if (policy === undefined) continue
    if (issuers.has(policy.issuer)) read.problem(path, 'names an issuer that is already in the list')
    issuers.set(policy.issuer, policy)
  }
  refuseSeveralIntrospections(read, [...issuers.values()])
  return { issuers, resolvers }
}
