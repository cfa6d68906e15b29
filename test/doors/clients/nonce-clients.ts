import { Agent } from 'node:https'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { DpopSession, withDpop } from '@modelcontextprotocol/client'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import * as oauth30 from 'oauth4webapi-3-0'
import * as oauth387 from 'oauth4webapi-3-8-7'
import * as openid from 'openid-client'
import { custom, Issuer } from 'openid-client-5'
import { resource } from '../../support/kit.ts'
import { type Api, tokenFor } from './api.ts'

/** A client as it is deployed. It asks for `/tools` once, by its own rules for a nonce that is due. */
export interface NonceClient {
  readonly name: string
  /** Status of the last answer. Whether there was a second try is seen in `api.statuses`. */
  call(api: Api): Promise<number>
}

const url = `${resource}/tools`

type Keys = { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }

async function signIn(api: Api): Promise<{ keys: Keys; token: string }> {
  const keys = await oauth.generateKeyPair('ES256', { extractable: true })
  const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
  return { keys, token: await tokenFor(api.kit, jkt, ['tools:read']) }
}

/** Each release has the same functions; the caller retries where the library says that a nonce is due. */
function oauth4webapi(name: string, library: typeof oauth | typeof oauth30 | typeof oauth387): NonceClient {
  return {
    name,
    async call(api) {
      const { keys, token } = await signIn(api)
      const DPoP = library.DPoP({ client_id: 'travel-7' }, keys)
      const send = (target: string, init: { method: string; headers: Record<string, string> }) =>
        api.fetch(target, { method: init.method, headers: init.headers })
      const ask = () =>
        library.protectedResourceRequest(token, 'GET', new URL(url), undefined, undefined, {
          // The three types of one handle differ only in members that are not called here.
          DPoP: DPoP as never,
          [library.customFetch]: send,
        })
      const response = await ask().catch((error: unknown) => {
        if (library.isDPoPNonceError(error)) return ask()
        throw error
      })
      return response.status
    },
  }
}

/** It speaks node:http itself, so its connections are led to the server instead of its calls. */
const openidClient5: NonceClient = {
  name: 'openid-client 5.7.1',
  async call(api) {
    const { keys, token } = await signIn(api)
    const { Client } = new Issuer({ issuer: 'https://as.example.test' })
    const client = new Client({ client_id: 'travel-7', token_endpoint_auth_method: 'none' })
    const agent = new Agent()
    agent.createConnection = () => connect(api.port, '127.0.0.1')
    client[custom.http_options] = () => ({ agent })
    const { statusCode } = await client.requestResource(url, token, { DPoP: keys.privateKey as never })
    return statusCode ?? 0
  },
}

/** Its wrapper is part of a session with an authorization server; the file is reached past the entry point. */
const atproto: NonceClient = {
  name: '@atproto/oauth-client 0.3.22',
  async call(api) {
    const { keys, token } = await signIn(api)
    const entry = createRequire(import.meta.url).resolve('@atproto/oauth-client')
    const { dpopFetchWrapper } = createRequire(entry)('./fetch-dpop.js') as { dpopFetchWrapper: WrapFetch }
    const key: AtprotoKey = {
      bareJwk: await exportJWK(keys.publicKey),
      algorithms: ['ES256'],
      createJwt: (header, payload) => new SignJWT(payload).setProtectedHeader(header).sign(keys.privateKey),
    }
    const call = dpopFetchWrapper({ key, nonces: new Map(), isAuthServer: false, fetch: api.fetch })
    const response = await call(url, { headers: { authorization: `DPoP ${token}` } })
    return response.status
  },
}

interface AtprotoKey {
  readonly bareJwk: object
  readonly algorithms: readonly string[]
  createJwt(header: { alg: string }, payload: Record<string, unknown>): Promise<string>
}
type WrapFetch = (options: {
  key: AtprotoKey
  nonces: Map<string, string>
  isAuthServer: boolean
  fetch: typeof fetch
}) => typeof fetch

const openidClient6: NonceClient = {
  name: 'openid-client 6.9.0',
  async call(api) {
    const { keys, token } = await signIn(api)
    const configuration = new openid.Configuration({ issuer: 'https://as.example.test' }, 'travel-7')
    configuration[openid.customFetch] = (target, { method, headers }) => api.fetch(target, { method, headers })
    const DPoP = openid.getDPoPHandle(configuration, keys)
    const response = await openid.fetchProtectedResource(
      configuration,
      token,
      new URL(url),
      'GET',
      undefined,
      undefined,
      { DPoP },
    )
    return response.status
  },
}

const mcpClient: NonceClient = {
  name: '@modelcontextprotocol/client 2.4.0',
  async call(api) {
    const session = await DpopSession.create()
    const token = await tokenFor(api.kit, session.thumbprint, ['tools:read'])
    return (await withDpop(session, () => token)(api.fetch)(url)).status
  },
}

/** They see a nonce that is due only where the DPoP challenge is the only one. */
export const deployed: readonly NonceClient[] = [
  oauth4webapi('oauth4webapi 3.0.1', oauth30),
  oauth4webapi('oauth4webapi 3.8.7', oauth387),
  openidClient5,
  atproto,
]
/** They see it among several challenges as well. */
export const current: readonly NonceClient[] = [oauth4webapi('oauth4webapi 3.8.8', oauth), openidClient6, mcpClient]
