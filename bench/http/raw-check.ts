import { createPublicKey } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { rawVerification } from '../raw.ts'
import type { ServerSetup } from './server.ts'

/** One verification of the request's proof with a key that is known, and nothing else. */
export function createRawCheck({ jwk }: ServerSetup): (request: IncomingMessage) => void {
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  return ({ headers }) => rawVerification(String(headers['dpop']), key)()
}
