import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** An address, or all that share its first bits. */
export interface Network {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefix: number
}

/** `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`; undefined for anything else. */
export function readNetwork(text: string): Network | undefined {
  const [, written = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = readAddress(written)
  if (address === undefined) return undefined
  const isMapped = address.family === 'ipv4' && isIPv6(written)
  const bits = address.family === 'ipv4' ? 32 : 128
  const prefix = length === undefined ? bits : Number(length) - (isMapped ? 96 : 0)
  return prefix >= 0 && prefix <= bits ? { ...address, prefix } : undefined
}

/**
 * RFC 4291 §2.5.5.2: an IPv4 address that is mapped into IPv6 is that IPv4 address. An address with a zone is not taken,
 * because it means another machine on each link.
 */
export function readAddress(text: string): Omit<Network, 'prefix'> | undefined {
  if (isIPv4(text)) return { family: 'ipv4', address: text }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1]
  return mapped === undefined ? { family: 'ipv6', address } : { family: 'ipv4', address: mapped }
}
