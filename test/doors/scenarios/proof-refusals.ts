import { withBrokenSignature } from '../../support/bytes.ts'
import { resource } from '../../support/kit.ts'
import type { Changes, DoorKit } from '../kit.ts'
import { refused } from '../seen.ts'
import type { Chapter, Row } from '../table.ts'

/** Every refusal of a proof. */
export const proofRefusals: Chapter = {
  subject: 'refusals of the proof',
  app: ({ options }) => ({ options, routes: [{ path: '/tools' }] }),
  rows: [
    row('proof_missing', 'RFC 9449 §7.1: no proof', () => ({ proof: null })),
    row('proof_malformed', 'RFC 9449 §4.3(2): not a JWT', () => ({ proof: 'proof' })),
    row('proof_malformed', 'RFC 9449 §4.3(4): typ', () => header({ typ: 'jwt' })),
    row('proof_malformed', 'RFC 9449 §4.3(3): no jti', () => claims({ jti: undefined })),
    row('proof_malformed', 'RFC 9449 §4.2: a proof over 4 096 bytes', () => claims({ more: 'x'.repeat(4_096) })),
    row('proof_key', 'RFC 9449 §4.3(5): a symmetric alg', () => header({ alg: 'HS256' })),
    row('proof_key', 'RFC 9449 §4.3(7): a private key', ({ agent }) =>
      header({ jwk: { ...agent.publicJwk, d: 'AAAA' } }),
    ),
    row('proof_method', 'RFC 9449 §4.3(8): htm', () => claims({ htm: 'POST' })),
    row('proof_target', 'RFC 9449 §4.3(9): htu', () => ({ url: `${resource}/other` })),
    row('proof_token_hash', 'RFC 9449 §4.3(12): ath', () => claims({ ath: 'A'.repeat(43) })),
    row('proof_expired', 'RFC 9449 §4.3(11): iat of 61 s ago', ({ now }) => claims({ iat: now - 61 })),
    row('proof_not_active', 'RFC 9449 §4.3(11): iat 11 s ahead', ({ now }) => claims({ iat: now + 11 })),
    row('proof_signature', 'RFC 9449 §4.3(6): signature', async ({ agent, ...kit }) => {
      const token = await kit.token()
      const proof = await agent.proof({ method: 'GET', url: `${resource}/tools`, token })
      return { token, proof: withBrokenSignature(proof) }
    }),
    {
      title: 'RFC 9449 §11.1: the same proof a second time is proof_replayed',
      send: async (kit) => {
        const shot = await kit.shot()
        return [shot, shot]
      },
      expect: refused('proof_replayed'),
    },
  ],
}

function row(
  code: Parameters<typeof refused>[0],
  title: string,
  change: (kit: DoorKit) => Changes | Promise<Changes>,
): Row {
  return {
    title: `${title} is ${code}`,
    send: async (kit) => kit.shot(await change(kit)),
    expect: refused(code),
  }
}

function claims(members: Record<string, unknown>): Changes {
  return { proof: { claims: members } }
}

function header(members: Record<string, unknown>): Changes {
  return { proof: { header: members } }
}
