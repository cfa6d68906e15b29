import { algorithms as defaultAlgorithms } from '../options/defaults.ts'
import { inferred } from '../token/keys.ts'
import type { Algorithm } from '../types/options.ts'
import type { CheckedKey, Checkup } from './issuer-checkup.ts'
import { productOf } from './products.ts'

export interface Finding {
  /** `problem`: requests are refused because of it. */
  readonly kind: 'good' | 'hint' | 'problem'
  readonly text: string
  /** The option that it is about. */
  readonly option: string | null
}

/** What stands in the way of tokens of this issuer, what does not, and which options that takes. */
export function findingsOf(checkup: Checkup): readonly Finding[] {
  if (checkup.metadata === null) return [whyNoMetadata(checkup)]
  return [aboutKeys(checkup), ...aboutAlgorithms(checkup.keys), ...aboutBinding(checkup.metadata), ...others(checkup)]
}

function whyNoMetadata({ namedIssuer }: Checkup): Finding {
  if (namedIssuer !== null) {
    const text = `The metadata is that of another issuer, whose tokens name it character by character: ${namedIssuer}`
    return { kind: 'problem', text, option: 'issuer' }
  }
  const text = 'No metadata can be used, so no keys are found. Where the issuer has none, name the URL of its keys.'
  return { kind: 'problem', text, option: 'issuer.jwksUri' }
}

function aboutKeys({ keys, keysFailure }: Checkup): Finding {
  const usable = keys.filter(({ usedFor }) => usedFor !== null)
  if (usable.length > 0) {
    const algorithms = [...new Set(usable.map(({ usedFor }) => usedFor))].join(', ')
    return {
      kind: 'good',
      text: `Keys for tokens: ${usable.length} of ${keys.length}, for ${algorithms}.`,
      option: null,
    }
  }
  const text = keysFailure === null ? 'No key can be used.' : `The keys cannot be fetched: ${keysFailure}.`
  return { kind: 'problem', text, option: null }
}

function aboutAlgorithms(keys: readonly CheckedKey[]): readonly Finding[] {
  const more = algorithmsToAdd(keys)
  if (more.length === 0) return []
  const isNeeded = keys.every(({ usedFor }) => usedFor === null)
  const text = `Keys for ${more.join(', ')} are used only where the options name the algorithm.`
  return [{ kind: isNeeded ? 'problem' : 'hint', text, option: 'issuer.algorithms' }]
}

/** What keys are for that the defaults pass over. */
function algorithmsToAdd(keys: readonly CheckedKey[]): readonly Algorithm[] {
  return [...new Set(keys.flatMap(({ usableFor }) => usableFor ?? []))]
}

function aboutBinding(metadata: Readonly<Record<string, unknown>>): readonly Finding[] {
  const dpop = aboutDpop(proofAlgorithmsIn(metadata))
  const hasMtls = metadata['tls_client_certificate_bound_access_tokens'] === true
  const mtls: Finding = hasMtls
    ? { kind: 'good', text: 'It binds tokens to client certificates (RFC 8705 §3.3).', option: null }
    : { kind: 'hint', text: 'It does not say that it binds tokens to client certificates.', option: null }
  if (dpop !== undefined) return [dpop, mtls]
  const none: Finding = hasMtls
    ? { kind: 'hint', text: 'It does not say that it binds tokens with DPoP (RFC 9449 §5.1).', option: null }
    : {
        kind: 'problem',
        text: 'It does not say that it binds tokens, and unbound tokens are refused (binding_missing). Switch on DPoP or certificate binding there; until then, the option admits them.',
        option: 'issuer.dangerously.allowUnbound',
      }
  return [none, mtls]
}

/** What an issuer accepts of proofs (RFC 9449 §5.1); undefined where it does not say. */
function proofAlgorithmsIn(metadata: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const names = metadata['dpop_signing_alg_values_supported']
  if (!Array.isArray(names)) return undefined
  return names.filter((name): name is string => typeof name === 'string')
}

function aboutDpop(offered: readonly string[] | undefined): Finding | undefined {
  if (offered === undefined || offered.length === 0) return undefined
  const accepted = offered.filter((name) => defaultAlgorithms['dpop.algorithms'].includes(name as Algorithm))
  if (accepted.length > 0) {
    return {
      kind: 'good',
      text: `It binds tokens with DPoP; proofs of ${accepted.join(', ')} are accepted here.`,
      option: null,
    }
  }
  const possible = offered.filter((name) => inferred.includes(name as Algorithm))
  const text =
    possible.length > 0
      ? `It binds tokens with DPoP, for proofs of ${possible.join(', ')}: the options must name one.`
      : 'It binds tokens with DPoP, for proofs of algorithms that are not accepted here.'
  return { kind: 'problem', text, option: 'dpop.algorithms' }
}

function others({ issuer, metadata }: Checkup): readonly Finding[] {
  const product = productOf(issuer)
  const preset: readonly Finding[] =
    product === undefined
      ? []
      : [
          {
            kind: 'hint',
            text: `By its URL this is ${product}: onbehalf/issuers has a preset for it.`,
            option: 'issuer.dialect',
          },
        ]
  const introspection: readonly Finding[] =
    typeof metadata?.['introspection_endpoint'] === 'string'
      ? [{ kind: 'hint', text: 'It can be asked about opaque tokens.', option: 'issuer.introspection' }]
      : []
  return [...preset, ...introspection]
}

/** The issuer's options, as far as the metadata tells them; null where it is that of another issuer. */
export function optionsFor({ issuer, keys, metadata, namedIssuer }: Checkup): Readonly<Record<string, unknown>> | null {
  if (namedIssuer !== null) return null
  const more = algorithmsToAdd(keys)
  const product = productOf(issuer)
  const isNeeded = metadata !== null && keys.every(({ usedFor }) => usedFor === null) && more.length > 0
  return {
    issuer,
    ...(product !== undefined && { dialect: product }),
    ...(isNeeded && { algorithms: more }),
  }
}
