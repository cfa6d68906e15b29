import { X509Certificate } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { sha256 } from '../jose/sha256.ts'
import type { CertificateHeaderPolicy } from '../options/certificate.ts'
import { fixed } from '../options/defaults.ts'
import { readForwardedElement } from './forwarded-element.ts'

/**
 * The DER of the client's certificate in the value of a field; undefined where the value does not have the form. Several
 * forms of one certificate give the same octets, and no value gives octets that it does not hold in full.
 */
export function readCertificateValue(
  value: string,
  { format, chain }: Pick<CertificateHeaderPolicy, 'format' | 'chain'>,
): Uint8Array | undefined {
  const all = readers[format](value) ?? []
  const [leaf] = all
  if (leaf === undefined) return undefined
  if (all.length > 1 && chain === 'refuse') return undefined
  return isOneCertificate(leaf) ? leaf : undefined
}

/** Every certificate that the value holds, as octets that are not parsed yet. */
type ReadAll = (value: string) => readonly Uint8Array[] | undefined

const readers: Readonly<Record<CertificateHeaderPolicy['format'], ReadAll>> = {
  rfc9440: readByteSequence,
  xfcc: (value) => readForwardedElement(value, (cert) => readers['pem-urlencoded'](cert)),
  pem: (value) => readPem(value.replace(/%0D%0A|%0A/gi, '\n')),
  'pem-urlencoded': (value) => andRead(decodePercent(value), readPem),
  'der-base64': (value) => andRead(decodePercent(withoutQuotes(value)), readJoinedBase64),
}

function andRead(text: string | undefined, read: ReadAll): ReturnType<ReadAll> {
  return text === undefined ? undefined : read(text)
}

/** RFC 9440 §2.1: one byte sequence (RFC 8941 §3.3.5). Parameters, which RFC 9440 does not define, are not taken. */
function readByteSequence(value: string): readonly Uint8Array[] | undefined {
  return andRead(/^:([A-Za-z0-9+/=]+):$/.exec(value)?.[1], (encoded) => allOf([decodeBase64(encoded)]))
}

function readJoinedBase64(text: string): readonly Uint8Array[] | undefined {
  return allOf(text.split(',').map(decodeBase64))
}

/** HAProxy writes `%{+Q}[…]` in quotes; the router of OpenShift uses it. */
function withoutQuotes(value: string): string {
  return /^"([^"]*)"$/.exec(value)?.[1] ?? value
}

/** RFC 7468 §5. Apache writes spaces for the newlines. */
function readPem(text: string): readonly Uint8Array[] | undefined {
  const blocks = text.trim().split(/(?<=-----END CERTIFICATE-----)[\r\n ]+/)
  return allOf(blocks.map(readPemBlock))
}

function readPemBlock(block: string): Uint8Array | undefined {
  const body = /^-----BEGIN CERTIFICATE-----(?=[\r\n ])([A-Za-z0-9+/=\r\n ]+)-----END CERTIFICATE-----$/.exec(
    block,
  )?.[1]
  return body === undefined ? undefined : decodeBase64(body.replace(/[\r\n ]/g, ''))
}

/** `+` stays what it is: load balancers of AWS escape neither `+` nor `/` nor `=`. */
function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Buffer.from passes over what is not base64, so the text is compared with what it decodes to. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}

function allOf(items: readonly (Uint8Array | undefined)[]): readonly Uint8Array[] | undefined {
  const found = items.filter((item) => item !== undefined)
  return found.length === items.length ? found : undefined
}

/** SHA-256 of octets that are one certificate: parsing them costs more than everything else. */
const complete = new LRUCache<string, true>({ max: fixed.completeCertificates })

/** X509Certificate reads over octets behind the certificate, and takes PEM as well: its own octets must be all there are. */
function isOneCertificate(der: Uint8Array): boolean {
  const hash = sha256(der)
  if (complete.has(hash)) return true
  try {
    if (!new X509Certificate(der).raw.equals(der)) return false
  } catch {
    return false
  }
  complete.set(hash, true)
  return true
}
