import type { Directory, Party } from 'onbehalf'
import { sha256, withBrokenSignature } from '../../support/bytes.ts'
import type { Changes, DoorKit } from '../kit.ts'
import { refused } from '../seen.ts'
import type { Chapter, Row } from '../table.ts'

type TokenCode = Parameters<typeof refused>[0]

/** Every refusal of a token or its binding. */
export const tokenRefusals: Chapter = {
  subject: 'refusals of the token',
  app: ({ options }) => ({
    options: {
      ...options,
      revocation: { isRevoked: ({ tokenId }) => tokenId === 'revoked' },
      delegation: { requireOwner: true, directory },
    },
    routes: [{ path: '/tools' }],
  }),
  rows: [
    row('token_malformed', 'RFC 7519 §7.2: not a JWT', () => ({ token: 'opaque-token' })),
    row('token_type', 'RFC 9068 §4: typ is at+jwt', () => ({ token: { header: { typ: 'JWT' } } })),
    row('token_algorithm', 'RFC 9068 §4: alg none', () => ({ token: { header: { alg: 'none' } } })),
    row('token_issuer', 'RFC 9068 §4: iss', () => claims({ iss: 'https://other.example.test' })),
    row('token_expired', 'RFC 9068 §4: exp', ({ now }) => claims({ iat: now - 300, exp: now - 6 })),
    row('token_key_unknown', 'RFC 7515 §4.1.4: kid', () => ({ token: { header: { kid: 'another' } } })),
    row('token_signature', 'RFC 7515 §5.2: signature', async (kit) => ({
      token: withBrokenSignature(await kit.token()),
    })),
    row('token_claim', 'RFC 9068 §2.2: sub', () => claims({ sub: 7 })),
    row('token_audience', 'RFC 9068 §4: aud', () => claims({ aud: 'https://other.example.test' })),
    row('token_not_active', 'RFC 7519 §4.1.5: nbf', ({ now }) => claims({ nbf: now + 60 })),
    row('token_lifetime', 'RFC 9700 §2.2: a token that lives too long', ({ now }) => claims({ exp: now + 3_600 })),
    row('token_revoked', 'RFC 7009 §2: revoked', () => claims({ jti: 'revoked' })),
    row('binding_missing', 'RFC 9700 §2.2.1: no cnf', () => ({ token: { bind: 'none' } })),
    row('binding_unsupported', 'RFC 7800 §3.1: another cnf', () => claims({ cnf: { kid: 'x' } })),
    row(
      'binding_scheme',
      'RFC 9449 §7.2: as Bearer without a proof',
      () => ({ scheme: 'Bearer', proof: null }),
      'Bearer',
    ),
    row('binding_scheme', 'RFC 9449 §7.2: as Bearer with a good proof', () => ({ scheme: 'Bearer' }), 'Bearer'),
    row('binding_mismatch', 'RFC 9449 §6: another key', ({ thief }) => ({ prover: thief })),
    row(
      'certificate_missing',
      'RFC 8705 §3: no certificate',
      () => ({ scheme: 'Bearer', ...claims({ cnf: { 'x5t#S256': sha256('certificate') } }) }),
      'Bearer',
    ),
    row('delegation_malformed', 'RFC 8693 §4.1: act is no object', () => claims({ act: 'travel-7' })),
    row('delegation_too_deep', 'RFC 8693 §4.1: a chain over the limit', () => claims({ act: nested(6) })),
    row('delegation_not_allowed', "RFC 8693 §4.1: an actor of an issuer that is not this one's to name", () =>
      claims({ act: { sub: 'travel-7', iss: 'https://other.example.test' } }),
    ),
    row('token_revoked', 'Context: an actor that the directory has disabled', () =>
      claims({ act: { sub: 'disabled-7' } }),
    ),
    row('owner_missing', 'Context: an actor without an owner', () => claims({ act: { sub: 'ownerless-7' } })),
  ],
}

function directory({ subject }: Party): ReturnType<Directory> {
  if (subject === 'disabled-7') return { disabled: true }
  return subject === 'ownerless-7' ? {} : { owner: 'ops' }
}

function row(
  code: TokenCode,
  title: string,
  change: (kit: DoorKit) => Changes | Promise<Changes>,
  on: 'DPoP' | 'Bearer' = 'DPoP',
): Row {
  return {
    title: `${title} is ${code}`,
    send: async (kit) => kit.shot(await change(kit)),
    expect: refused(code, { on }),
  }
}

function claims(members: Record<string, unknown>): Changes {
  return { token: { claims: members } }
}

function nested(levels: number): object {
  return levels === 1 ? { sub: 'a1' } : { sub: `a${levels}`, act: nested(levels - 1) }
}
