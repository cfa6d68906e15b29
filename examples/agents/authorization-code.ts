import { createHash, randomBytes } from 'node:crypto'
import type { Token, TokenRequest } from './authorization-server.ts'
import type { DpopAgent } from './dpop-agent.ts'

/** A person's way through the pages of the issuer, begun and to be finished by the application that sent them. */
export interface CodeRequest {
  /** Where the browser of the person is sent. */
  readonly url: string
  /** Takes the address that the browser came back to. */
  redeem(returned: URL): Promise<Token>
}

/** The authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636). */
export function requestCode(
  application: DpopAgent,
  { issuer, authorizationEndpoint, redirectUri, resource, scope = '' }: TokenRequest & CodePlaces,
): CodeRequest {
  const [verifier, state] = [random(), random()]
  const url = new URL(authorizationEndpoint)
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: application.id, redirect_uri: redirectUri, state, resource, scope },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  return {
    url: url.href,
    async redeem({ searchParams }) {
      // RFC 6749 §10.12, RFC 9207 §2.4: the answer is to this question, and of this issuer.
      if (searchParams.get('state') !== state || searchParams.get('iss') !== issuer) {
        throw new Error('This answer belongs to another request')
      }
      const code = searchParams.get('code')
      if (code === null) throw new Error(`The person has not consented: ${searchParams.get('error')}`)
      const form = {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        resource,
      }
      return application.requestToken(() => new URLSearchParams(form))
    },
  }
}

export interface CodePlaces {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly redirectUri: string
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
