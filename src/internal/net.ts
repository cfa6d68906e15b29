import { BlockList, isIP } from 'node:net'

/** URLs that come from configuration or from an issuer's metadata. */

/** Parsed, or why not: absolute https, or http on a loopback host; no credentials, no fragment. */
export function readHttpsUrl(text: string): URL | string {
  // The URL parser forgives whitespace, backslashes and missing slashes; a comparison by characters does not.
  const url = /^https?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return 'must be an absolute URL'
  if (url.username !== '' || url.password !== '') return 'must not carry credentials'
  if (text.includes('#')) return 'must not have a fragment'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  return 'must be https, or http on a loopback host'
}

function isLoopback(hostname: string): boolean {
  if (/^(?:.+\.)?localhost\.?$/.test(hostname) || hostname === '[::1]') return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}

/** A host that no public issuer would name: loopback, private, link-local and other special addresses. Names are not resolved. */
export function isPrivateHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  return family === 0 ? isLoopback(hostname) : special.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** RFC 6890 and its registries. */
const special = new BlockList()
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(address, prefix, 'ipv4')
}
// Everything outside global unicast, and what is special within it: Teredo, documentation, 6to4.
for (const [address, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const) {
  special.addSubnet(address, prefix, 'ipv6')
}
