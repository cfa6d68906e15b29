import type { CertificateHeaderPolicy } from '../options/certificate.ts'
import { fixed } from '../options/defaults.ts'
import { Denial } from '../refusal/denial.ts'
import type { RequestView } from '../types/request.ts'
import { readCertificateValue } from './certificate-formats.ts'
import { createPeerTrust } from './trusted-peers.ts'

/** The certificate in a field that a proxy sets (RFC 8705 §6.5, RFC 9440). */
export interface CertificateHeaderReader {
  /** The DER. Undefined: the proxy says that there is no certificate. A denial: no proxy that is set up rightly sends this. */
  read(view: RequestView): Uint8Array | undefined | Denial
  /** Whether the field came from somebody else than the proxy. */
  isIgnored(view: RequestView): boolean
}

/** Nothing is remembered between two requests: a proxy sends those of many clients over one connection. */
export function createCertificateHeaderReader(policy: CertificateHeaderPolicy): CertificateHeaderReader {
  const { name, verified } = policy
  const isTrusted = createPeerTrust(policy.trustedProxies)
  const watched = verified === undefined ? [name] : [name, verified.header]
  const otherSpellings = watched.flatMap(spellingsOf).filter((spelling) => !watched.includes(spelling))

  function read(view: RequestView): Uint8Array | undefined | Denial {
    if (!isTrusted(view.peer)) {
      return view.header(name).length === 0 ? undefined : missing('the peer is not one of trustedProxies')
    }
    if (otherSpellings.some((spelling) => view.header(spelling).length > 0))
      return malformed('is there in two spellings')
    const lines = view.header(name)
    const verifiedLines = verified === undefined ? [] : view.header(verified.header)
    if (lines.length > 1 || verifiedLines.length > 1) return malformed('has several lines')
    const [value = ''] = lines
    if (hasOnlyChain(view, lines)) return malformed('has a chain and no certificate')
    if (verified !== undefined && verifiedLines[0] !== verified.equals) return undefined
    if (absent.has(value)) return undefined
    if (value.length > fixed.certificateHeaderLength) return malformed('is too long')
    return (
      readCertificateValue(value, policy) ?? malformed(`does not hold one certificate in the format ${policy.format}`)
    )
  }

  /** RFC 9440 §2.3: `Client-Cert-Chain` is used only beside `Client-Cert`. */
  function hasOnlyChain(view: RequestView, lines: readonly string[]): boolean {
    if (name !== 'client-cert' || lines.length > 0) return false
    return view.header('client-cert-chain').some((line) => !absent.has(line))
  }

  return {
    read,
    isIgnored: (view) => !isTrusted(view.peer) && view.header(name).length > 0,
  }
}

/** What nginx and HAProxy, two recipes for HAProxy, and Apache send for a client without a certificate. */
const absent: ReadonlySet<string> = new Set(['', '""', '::', '(null)'])

function missing(cause: string): Denial {
  return new Denial('certificate_missing', { cause })
}

function malformed(what: string): Denial {
  return new Denial('request_malformed', { cause: `the certificate header ${what}` })
}

/** Proxies and frameworks take `-`, `_` and `.` for one another; a client could put a second field beside the proxy's. */
function spellingsOf(name: string): readonly string[] {
  return name
    .split(/[-_.]/)
    .reduce<readonly string[]>(
      (starts, part) => starts.flatMap((start) => ['-', '_', '.'].map((separator) => start + separator + part)),
      [''],
    )
    .map((spelling) => spelling.slice(1))
}
