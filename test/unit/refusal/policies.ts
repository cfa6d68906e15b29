/** Policies that differ in their challenges; a short list of algorithms keeps the fields readable. */
import type { VerifierOptions } from 'onbehalf'
import type { Call } from '../../support/kit.ts'

export const noCredentials: Call = { headers: { authorization: undefined, dpop: undefined } }

export const plain: Partial<VerifierOptions> = { dpop: { algorithms: ['ES256'] }, metadata: false }
export const dpopOnly: Partial<VerifierOptions> = { ...plain, mtls: false }
export const mtlsOnly: Partial<VerifierOptions> = { dpop: false, metadata: false }
