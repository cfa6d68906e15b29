import { createHash } from 'node:crypto'

/**
 * Envoy's `x-forwarded-client-cert`: the certificate of its one element. Several elements name the certificates of several
 * hops, and only the proxies know which of them is the agent's. `Cert` must be there, and `Hash`, where it is, must fit.
 */
export function readForwardedElement(
  value: string,
  readCertificates: (cert: string) => readonly Uint8Array[] | undefined,
): readonly Uint8Array[] | undefined {
  const pairs = readPairs(value)
  const cert = pairs?.get('cert')
  const found = cert === undefined ? undefined : readCertificates(cert)
  const der = found?.[0]
  const hash = pairs?.get('hash')
  if (der === undefined || (hash !== undefined && hash.toLowerCase() !== hexOf(der))) return undefined
  return found
}

/** A key, then a value in quotes or without: in quotes a backslash takes the next character as it is. */
const pair = /([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))(;|$)/y
/** A certificate may have several names. */
const repeatable: ReadonlySet<string> = new Set(['uri', 'dns'])

/** By lower-case key. Undefined for several elements, a key that comes twice, or anything that is not a pair. */
function readPairs(value: string): ReadonlyMap<string, string | undefined> | undefined {
  const pairs = new Map<string, string | undefined>()
  let end: string | undefined = ';'
  pair.lastIndex = 0
  while (end === ';') {
    const [, name, quoted, bare, separator] = pair.exec(value) ?? []
    if (name === undefined) return undefined
    const key = name.toLowerCase()
    if (pairs.has(key) && !repeatable.has(key)) return undefined
    pairs.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare)
    end = separator
  }
  return pairs
}

function hexOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex')
}
