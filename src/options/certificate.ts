import { readNetwork } from '../internal/networks.ts'
import { namesOf, type OptionReader, type RawOptions } from '../internal/option-reader.ts'
import type { CustomCertificateHeader, ForwardedCertificate, MtlsOptions } from '../types/mtls-options.ts'
import { certificateHeaders, choices, fixed } from './defaults.ts'

/** Where client certificates come from. */
export type CertificateSource =
  | { readonly from: 'socket' }
  | { readonly from: 'function'; readonly read: (request: object) => unknown }
  | CertificateHeaderPolicy

export interface CertificateHeaderPolicy {
  readonly from: 'header'
  /** In lower case. */
  readonly name: string
  readonly format: CustomCertificateHeader['format']
  readonly chain: 'refuse' | 'leaf-first'
  readonly verified: { readonly header: string; readonly equals: string } | undefined
  readonly trustedProxies: readonly string[]
}

const names = namesOf<MtlsOptions>({ certificate: true })
const sourceNames = namesOf<ForwardedCertificate>({ header: true, trustedProxies: true })
const headerNames = namesOf<CustomCertificateHeader>({ name: true, format: true, chain: true, verified: true })
const verifiedNames = namesOf<NonNullable<CustomCertificateHeader['verified']>>({ header: true, equals: true })

/** False refuses certificate-bound tokens. */
export function readMtls(read: OptionReader, value: unknown): CertificateSource | false {
  if (value === false) return false
  const { certificate }: RawOptions<keyof MtlsOptions> = read.object('mtls', value, names) ?? {}
  if (typeof certificate === 'function') return { from: 'function', read: certificate as (request: object) => unknown }
  if (typeof certificate === 'object') return readForwarded(read, certificate)
  if (certificate !== undefined && certificate !== choices['mtls.certificate'].default) {
    read.problem('mtls.certificate', "must be 'socket', an object with header and trustedProxies, or a function")
  }
  return { from: 'socket' }
}

/** Whether a certificate can be seen over a connection that is not TLS. */
export function seesCertificateOverPlain(source: CertificateSource | false): boolean {
  return source !== false && source.from !== 'socket'
}

/** RFC 9440 §2.4: the fields that an answer depends on, as the value of `Vary`. */
export function varyOn(source: CertificateSource | false): string | undefined {
  if (source === false || source.from !== 'header') return undefined
  return source.verified === undefined ? source.name : `${source.name}, ${source.verified.header}`
}

function readForwarded(read: OptionReader, value: object | null): CertificateSource {
  const at = 'mtls.certificate'
  const raw: RawOptions<keyof ForwardedCertificate> = read.object(at, value, sourceNames) ?? {}
  for (const name of sourceNames) if (raw[name] === undefined) read.problem(`${at}.${name}`, 'is required')
  const header = readFieldRules(read, `${at}.header`, raw.header)
  const trustedProxies = read.list(`${at}.trustedProxies`, raw.trustedProxies, (path, item) => {
    const isKnown = typeof item === 'string' && (item === 'unix' || item === 'host' || readNetwork(item) !== undefined)
    return isKnown ? item : read.problem(path, "must be an IP address, a network such as 10.0.0.0/8, 'unix' or 'host'")
  })
  return { from: 'header', verified: undefined, ...header, trustedProxies: trustedProxies ?? [] }
}

/** In the place of what is wrong, so that every other problem is found as well. */
const none: HeaderRules = { name: 'client-cert', format: 'rfc9440', chain: 'refuse' }

type HeaderRules = Pick<CertificateHeaderPolicy, 'name' | 'format' | 'chain'> &
  Partial<Pick<CertificateHeaderPolicy, 'verified'>>

function readFieldRules(read: OptionReader, at: string, value: unknown): HeaderRules {
  if (typeof value === 'string') {
    const preset = Object.hasOwn(certificateHeaders, value) ? certificateHeaders[value] : undefined
    if (preset === undefined)
      read.problem(at, `must be one of ${Object.keys(certificateHeaders).join(', ')}, or an object`)
    return preset ?? none
  }
  const raw: RawOptions<keyof CustomCertificateHeader> = read.object(at, value, headerNames) ?? {}
  if (value !== undefined && raw.name === undefined) read.problem(`${at}.name`, 'is required')
  if (value !== undefined && raw.format === undefined) read.problem(`${at}.format`, 'is required')
  const formats = ['rfc9440', 'xfcc', 'pem', 'pem-urlencoded', 'der-base64'] as const
  const format = read.oneOf(`${at}.format`, raw.format, formats) ?? none.format
  const chain = read.oneOf(`${at}.chain`, raw.chain, choices['mtls.certificate.header.chain'].allowed)
  if (chain === 'leaf-first' && (format === 'rfc9440' || format === 'xfcc')) {
    read.problem(`${at}.chain`, `must be refuse with the format ${format}, which holds one certificate`)
  }
  const name = readFieldName(read, `${at}.name`, raw.name)
  return {
    name: name ?? none.name,
    format,
    chain: chain ?? choices['mtls.certificate.header.chain'].default,
    verified: readVerified(read, `${at}.verified`, raw.verified, name),
  }
}

function readVerified(read: OptionReader, at: string, value: unknown, certificate: string | undefined) {
  const raw = read.object(at, value, verifiedNames)
  if (raw === undefined) return undefined
  for (const name of verifiedNames) if (raw[name] === undefined) read.problem(`${at}.${name}`, 'is required')
  const header = readFieldName(read, `${at}.header`, raw.header)
  const equals = read.string(`${at}.equals`, raw.equals)
  if (header !== undefined && header === certificate) read.problem(`${at}.header`, 'must differ from name')
  return header === undefined || equals === undefined ? undefined : { header, equals }
}

/** RFC 9110 §5.1: a token. Every way to write its separators is looked for, so their number has a bound. */
function readFieldName(read: OptionReader, at: string, value: unknown): string | undefined {
  const name = read.string(at, value)?.toLowerCase()
  if (name === undefined) return undefined
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return read.problem(at, 'must be the name of a header field')
  if (taken.has(name)) return read.problem(at, 'must not be a field that carries credentials')
  const separators = name.match(/[-_.]/g)?.length ?? 0
  const most = fixed.certificateHeaderSeparators
  return separators > most ? read.problem(at, `must have at most ${most} of the characters - _ .`) : name
}

const taken: ReadonlySet<string> = new Set(['authorization', 'dpop', 'cookie'])
