/** Requests to the reference issuer of which each part can be bent: what a client library would never send. */
import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { SignJWT } from 'jose'
import { withTarget } from '../../examples/agents/authorization-server.ts'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import { tokenExchangeGrant } from '../../examples/issuer/token-exchange.ts'
import { apis, type ClientName, type Setup } from './issuer-setup.ts'

export interface Answer {
  readonly status: number
  readonly error: string | undefined
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

export interface Sender {
  readonly id: string
  /** Signs the assertions. */
  readonly clientKey: SigningKey
  /** Signs the proofs, which its tokens are bound to. */
  readonly proofKey: SigningKey
}

export async function sender(setup: Setup, id: ClientName): Promise<Sender> {
  return { id, clientKey: setup.keyOf(id), proofKey: await createSigningKey() }
}

export interface AssertionChanges {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | string[]
  readonly jti?: string | undefined
  /** Seconds from now. */
  readonly expiresIn?: number
  readonly key?: SigningKey
}

export function assertion(issuer: string, from: Sender, changes: AssertionChanges = {}): Promise<string> {
  const { iss = from.id, sub = from.id, aud = issuer, jti = randomUUID(), key = from.clientKey } = changes
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss, sub, aud, ...('jti' in changes && changes.jti === undefined ? {} : { jti }) }
  return new SignJWT({ ...claims, iat: now, exp: now + (changes.expiresIn ?? 30) })
    .setProtectedHeader({ alg: key.algorithm })
    .sign(key.privateKey)
}

/** The nonce that the issuer asks for now (RFC 9449 §8), whichever client asks. */
export async function nonceOf(setup: Setup): Promise<string> {
  const { issuer } = setup
  const from = await sender(setup, 'agent-a')
  const dpop = await createProof(from.proofKey, { method: 'POST', url: `${issuer}/token` })
  const answer = await post(issuer, '/token', await withAssertion(issuer, from, clientCredentialsForm()), { dpop })
  return String(answer.headers.get('dpop-nonce'))
}

export async function proof(setup: Setup, from: Sender, url = `${setup.issuer}/token`): Promise<string> {
  return createProof(from.proofKey, { method: 'POST', url, nonce: await nonceOf(setup) })
}

export type Form = Record<string, string | readonly string[]>

export const clientCredentialsForm = (): Form => ({
  grant_type: 'client_credentials',
  resource: apis.trips,
  scope: 'trip:read',
})

export async function withAssertion(issuer: string, from: Sender, form: Form, made?: string): Promise<Form> {
  return {
    ...form,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: made ?? (await assertion(issuer, from)),
  }
}

export interface Parts {
  readonly assertion?: string
  /** `null`: none. */
  readonly proof?: string | null
  readonly headers?: Record<string, string>
  readonly path?: string
}

/** A token request, right in each part that is not given. */
export async function ask(setup: Setup, from: Sender, form: Form, parts: Parts = {}): Promise<Answer> {
  const { issuer } = setup
  const dpop = parts.proof === null ? undefined : (parts.proof ?? (await proof(setup, from)))
  const body = await withAssertion(issuer, from, form, parts.assertion)
  return post(issuer, parts.path ?? '/token', body, { ...(dpop !== undefined && { dpop }), ...parts.headers })
}

/** By node:http, which lets a request name another host. */
export async function post(
  issuer: string,
  path: string,
  form: Form | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = typeof form === 'string' ? 'application/json' : 'application/x-www-form-urlencoded'
  return send(issuer, path, 'POST', typeof form === 'string' ? form : encode(form), {
    'content-type': type,
    ...headers,
  })
}

export async function send(
  issuer: string,
  path: string,
  method: string,
  body: string | undefined,
  headers: Record<string, string>,
): Promise<Answer> {
  const { hostname, port } = new URL(issuer)
  const request = httpRequest({ hostname, port, path, method, headers })
  const answered = new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject)
  })
  request.end(body)
  const response = await answered
  const content = await text(response)
  const isJson = String(response.headers['content-type']).includes('json') && content !== ''
  const parsed = (isJson ? JSON.parse(content) : { page: content }) as Record<string, unknown>
  const error = parsed['error'] === undefined ? undefined : String(parsed['error'])
  const fields = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)])
  return { status: response.statusCode ?? 0, error, body: parsed, headers: new Headers(fields) }
}

function encode(form: Form): string {
  const pairs = Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]))
  return new URLSearchParams(pairs as [string, string][]).toString()
}

/** The token of an agent for the issuer itself, which it shows as its actor token. */
export async function actorTokenOf(setup: Setup, from: Sender): Promise<string> {
  return tokenIn(
    await ask(setup, from, { grant_type: 'client_credentials', resource: setup.issuer, scope: 'agent:act' }),
  )
}

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

export function exchangeForm(subject: string, actor: string, resource: string, scope?: string): Form {
  const form = new URLSearchParams({
    grant_type: tokenExchangeGrant,
    subject_token: subject,
    subject_token_type: accessTokenType,
    actor_token: actor,
    actor_token_type: accessTokenType,
  })
  return Object.fromEntries(withTarget(form, { resource, scope }))
}

export function tokenIn({ status, body }: Answer): string {
  if (status !== 200) throw new Error(`No token: ${status} ${JSON.stringify(body)}`)
  return String(body['access_token'])
}

/** What a table asks of an answer. */
export function outcome({ status, error }: Answer): string {
  return error === undefined ? String(status) : `${status} ${error}`
}
