import type {
  AccessRequirement,
  DpopOptions,
  IssuerOptions,
  IssuerResolver,
  NonceOptions,
  RevocationQuery,
  VerifierOptions,
} from 'onbehalf'
import { namesOf } from '../../src/internal/option-reader.ts'
import type { origins } from '../../src/observe/examine.ts'
import { numbers } from '../../src/options/defaults.ts'
import { readNumber } from '../../src/options/read-number.ts'

/** Compiled, never run: what options may be, and how the compiler ties them to their readers. */

export const options: VerifierOptions = {
  issuer: [{ issuer: 'https://as.example.test', keys: { timeoutMs: 1_000 } }, 'https://b.example.test'],
  resource: 'https://api.example.test',
  dpop: { nonce: { secret: ['x'.repeat(32)], seconds: 60 }, preset: 'mcp' },
  mtls: {},
}

const tenants = new Map<string, IssuerOptions>()
export const resolver: IssuerResolver = { resolve: (iss) => tenants.get(iss), max: 100, freshSeconds: 60 }
export const resolved: VerifierOptions['issuer'] = [resolver, { resolve: async (iss) => tenants.get(iss) }]
// @ts-expect-error a URL alone is no answer
export const bare: IssuerResolver = { resolve: (iss) => iss }
export const socket: VerifierOptions['mtls'] = { certificate: 'socket' }
export const header: VerifierOptions['mtls'] = { certificate: { header: 'nginx', trustedProxies: ['unix'] } }
export const own: VerifierOptions['mtls'] = { certificate: () => undefined }
// @ts-expect-error a field counts only from named peers
export const anyPeer: VerifierOptions['mtls'] = { certificate: { header: 'nginx' } }
// @ts-expect-error the function is synchronous
export const promised: VerifierOptions['mtls'] = { certificate: async () => new Uint8Array(1) }
// @ts-expect-error no dialect has this name
export const dialect: IssuerOptions = { issuer: 'https://as.example.test', dialect: 'rfc9069' }
export const mode: NonceOptions = { secret: 'x'.repeat(32), mode: 'on-skew' }
// @ts-expect-error there are two modes
export const noMode: NonceOptions = { secret: 'x'.repeat(32), mode: 'sometimes' }
export const owner = ({ owner }: RevocationQuery): string | undefined => owner
// @ts-expect-error off is written as absent
export const unbound: IssuerOptions = { issuer: 'https://as.example.test', dangerously: { allowUnbound: false } }

export const reported: VerifierOptions['reportOnly'] = ['token_type', 'owner_missing']
// @ts-expect-error a bad signature is never only reported
export const unsigned: VerifierOptions['reportOnly'] = ['token_signature']
export const tried: AccessRequirement = { scopes: ['pay'], reportOnly: true }
// @ts-expect-error off is written as absent
export const untried: AccessRequirement = { scopes: ['pay'], reportOnly: false }
// @ts-expect-error a code without an origin: `explain` has to know every refusal
export const origin: typeof origins = { token_type: 'check' }

interface Options {
  first?: string | undefined
  second?: number | undefined
}

export function names(): readonly (keyof Options)[] {
  // @ts-expect-error one is missing
  namesOf<Options>({ first: true })
  // @ts-expect-error one is unknown
  namesOf<Options>({ first: true, second: true, third: true })
  return namesOf<Options>({ first: true, second: true })
}

export function defaults(read: Parameters<typeof readNumber>[0]): number {
  // @ts-expect-error no such option
  readNumber(read, 'dpop.maxAge', 1)
  // @ts-expect-error no such default
  numbers['dpop.maxAge'].default
  const names: Record<'maxAgeSeconds', keyof DpopOptions> = { maxAgeSeconds: 'maxAgeSeconds' }
  return readNumber(read, `dpop.${names.maxAgeSeconds as 'maxAgeSeconds'}`, 1)
}
