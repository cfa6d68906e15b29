import { BlockList } from 'node:net'
import { readAddress, readNetwork } from '../internal/networks.ts'
import type { RequestPeer } from '../types/request.ts'

/** Whether a request came from one of these peers. A socket that tells no address any more is none of them. */
export function createPeerTrust(trustedProxies: readonly string[]): (peer: RequestPeer | undefined) => boolean {
  // One list for each family: BlockList compares mapped addresses across them, which the networks here already are rid of.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const text of trustedProxies) {
    const network = readNetwork(text)
    if (network !== undefined) lists[network.family].addSubnet(network.address, network.prefix, network.family)
  }
  return function isTrusted(peer) {
    if (peer?.address === undefined) return peer?.local !== undefined && trustedProxies.includes(peer.local)
    const address = readAddress(peer.address)
    return address !== undefined && lists[address.family].check(address.address, address.family)
  }
}
