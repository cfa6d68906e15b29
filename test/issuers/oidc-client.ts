/** A client as an application has it: openid-client, with a proof key of its own. */

import type { RefusalCode } from 'onbehalf'
import * as openid from 'openid-client'
import { expect } from 'vitest'
import { type Api, browse, callback, client, deviceGrant } from './oidc-setup.ts'

export interface Session {
  readonly api: Api
  readonly config: openid.Configuration
  readonly DPoP: openid.DPoPHandle
}

export async function open(api: Api, issuer: string): Promise<Session> {
  const execute = [openid.allowInsecureRequests]
  const config = await openid.discovery(new URL(issuer), client.id, client.secret, undefined, { execute })
  return { api, config, DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) }
}

export type Tokens = Awaited<ReturnType<typeof openid.clientCredentialsGrant>>

/** The scope and the resource (RFC 8707 §2) that every flow asks for. */
export function asked(api: Api): { scope: string; resource: string } {
  return { scope: 'tools:read', resource: api.resource }
}

export interface Flow {
  readonly name: string
  readonly flow: (session: Session) => Promise<Tokens>
  readonly subject: string
  /** Seconds that its tokens live unless the settings of the provider say otherwise. */
  readonly life: number
}

export const flows: readonly Flow[] = [
  { name: 'RFC 6749 §4.4: client credentials', flow: clientFlow, subject: client.id, life: 600 },
  { name: 'RFC 7636 §4.5: an authorization code with PKCE', flow: codeFlow, subject: 'alice', life: 3_600 },
  { name: 'RFC 8628 §3.4: a device code', flow: deviceFlow, subject: 'alice', life: 3_600 },
]

export async function clientFlow({ api, config, DPoP }: Session): Promise<Tokens> {
  return openid.clientCredentialsGrant(config, asked(api), { DPoP })
}

export async function codeFlow({ api, config, DPoP }: Session): Promise<Tokens> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const url = openid.buildAuthorizationUrl(config, {
    ...asked(api),
    scope: 'openid offline_access tools:read',
    // OpenID Connect Core §11: a refresh token takes consent.
    prompt: 'consent',
    redirect_uri: callback,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const answer = await browse(url)
  if (answer === undefined) throw new Error('The browser was not sent back.')
  return openid.authorizationCodeGrant(config, answer, { pkceCodeVerifier, idTokenExpected: true }, asked(api), {
    DPoP,
  })
}

export async function deviceFlow({ api, config, DPoP }: Session): Promise<Tokens> {
  const { device_code: code, verification_uri_complete: uri = '' } = await openid.initiateDeviceAuthorization(
    config,
    asked(api),
  )
  expect(await browse(new URL(uri))).toBeUndefined()
  return openid.genericGrantRequest(config, deviceGrant, { device_code: code, ...asked(api) }, { DPoP })
}

/** What the same client gets when it sends no proof. */
export async function unboundFlow({ api, config }: Session): Promise<Tokens> {
  return openid.clientCredentialsGrant(config, asked(api))
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  /** The option that would have admitted the request. */
  readonly hint: string | undefined
}

/** Under the scheme DPoP where there is a key to prove, else Bearer. */
export async function call({ api, config }: Session, token: string, DPoP?: openid.DPoPHandle): Promise<Answer> {
  const options = DPoP === undefined ? {} : { DPoP }
  const url = new URL(`${api.resource}/tools`)
  const response = await openid
    .fetchProtectedResource(config, token, url, 'GET', undefined, undefined, options)
    .catch((error: unknown) => {
      if (error instanceof openid.WWWAuthenticateChallengeError) return error.response
      throw error
    })
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, hint: api.hint() }
}

/** What a refused call answers, for `toEqual` and the like. */
export function refusal(code: RefusalCode, hint?: string): Pick<Answer, 'status' | 'hint'> & { body: object } {
  return { status: 401, body: expect.objectContaining({ code }) as object, hint }
}
