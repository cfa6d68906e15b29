import { BlockList, isIP } from 'node:net'

/** URLs that come from configuration or from an issuer's metadata. */

const noHosts: ReadonlySet<string> = new Set()

/** Parsed, or why not: absolute https, or http on a loopback host or one of `httpHosts`; no credentials, no fragment. */
export function readHttpsUrl(text: string, httpHosts: ReadonlySet<string> = noHosts): URL | string {
  // The URL parser forgives whitespace, backslashes and missing slashes; a comparison by characters does not.
  const url = /^https?:\/\/[^\s\\/][^\s\\]*$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return 'must be an absolute URL'
  if (url.username !== '' || url.password !== '') return 'must not carry credentials'
  if (text.includes('#')) return 'must not have a fragment'
  if (url.protocol === 'https:' || isLoopback(url.hostname) || httpHosts.has(url.hostname)) return url
  return 'must be https, or http on a loopback host or on one that dangerously.allowHttp names'
}

/** One host as a parsed URL names it: in lower case, an IPv6 address in brackets. */
export function isHostName(text: string): boolean {
  const url = `http://${text}/`
  return /^(?:[a-z0-9._-]+|\[[0-9a-f:]+\])$/.test(text) && URL.canParse(url) && new URL(url).hostname === text
}

function isLoopback(hostname: string): boolean {
  if (/^(?:.+\.)?localhost\.?$/.test(hostname) || hostname === '[::1]') return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}

/** A host that no public issuer would name: loopback, private, link-local and other special addresses. Names are not resolved. */
export function isPrivateHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family === 4) return special4.check(address, 'ipv4')
  return family === 6 ? special6.check(address, 'ipv6') : isLoopback(hostname)
}

/** RFC 6890 and its registries. One list per family: Node also looks IPv4 up as the IPv6 it maps to. */
const special4 = listOf('ipv4', [
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
])
/** Everything outside global unicast, and what is special within it: Teredo, documentation, 6to4. */
const special6 = listOf('ipv6', [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])

function listOf(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, family)
  return list
}
