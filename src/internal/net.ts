import { isIP } from 'node:net'

/** URLs that come from configuration or from an issuer's metadata. */

/** Parsed, or why not: absolute https, or http on a loopback host; no credentials, no fragment. */
export function readHttpsUrl(text: string): URL | string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return 'must be an absolute URL'
  if (url.username !== '' || url.password !== '') return 'must not carry credentials'
  if (text.includes('#')) return 'must not have a fragment'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  return 'must be https, or http on a loopback host'
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}

/** An address literal that no public issuer would publish; names are not resolved here. */
export function isPrivateAddress(hostname: string): boolean {
  if (isLoopback(hostname)) return true
  if (hostname.startsWith('[')) return !/^\[[23]/.test(hostname) || hostname.startsWith('[2002:')
  if (isIP(hostname) !== 4) return false
  const [a = 0, b = 0] = hostname.split('.').map(Number)
  return a === 0 || a === 10 || a >= 224 || (a === 100 && b >= 64 && b < 128) || isPrivatePair(a, b)
}

function isPrivatePair(a: number, b: number): boolean {
  return (a === 169 && b === 254) || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)
}
