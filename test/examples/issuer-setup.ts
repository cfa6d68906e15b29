import { randomUUID } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { createAssertion } from '../../examples/agents/client-assertion.ts'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import { createRegistry, grantTypes, type RegisteredClient, type Registry } from '../../examples/issuer/registry.ts'
import { type IssuerSettings, type RunningIssuer, startIssuer } from '../../examples/issuer/server.ts'
import { resource } from '../support/kit.ts'

export interface Setup {
  readonly registry: Registry
  readonly running: RunningIssuer
  /** The registered key of the client. */
  keyOf(id: string): SigningKey
  register(id: string, client: Partial<RegisteredClient>): Promise<void>
  /** Sends a token request; a change replaces its part, and `null` leaves it out. */
  send(id: string, form: Record<string, string>, changes?: Changes): Promise<Answer>
}

export interface Changes {
  readonly assertion?: string | null
  readonly proof?: string | null
}

export interface Answer {
  readonly status: number
  readonly error: string | undefined
  readonly body: Record<string, unknown>
  /** Of the access token, unverified. */
  readonly claims: Record<string, unknown>
}

/** The example issuer, running, with one resource, one user and no client yet. */
export async function setUp(settings: Partial<IssuerSettings> = {}): Promise<Setup> {
  const registry = createRegistry()
  registry.resources.add(resource)
  registry.users.set('alice', { id: 'alice' })
  const running = await startIssuer({ ...settings, registry })
  const keys = new Map<string, SigningKey>()
  const proofKey = await createSigningKey()

  const keyOf = (id: string): SigningKey => {
    const key = keys.get(id)
    if (key === undefined) throw new Error(`${id} is not registered`)
    return key
  }

  return {
    registry,
    running,
    keyOf,
    async register(id, client) {
      const key = await createSigningKey()
      keys.set(id, key)
      registry.clients.set(id, {
        id,
        owner: 'owner@example.com',
        profile: 'ai_agent',
        authentication: { method: 'private_key_jwt', jwk: key.publicJwk },
        grants: Object.values(grantTypes),
        scopes: ['tools:read', 'tools:write'],
        ...client,
      })
    },
    async send(id, form, changes = {}) {
      const { assertion, proof } = changes
      const { issuer, tokenEndpoint } = running
      const body = new URLSearchParams({ resource, ...form })
      if (assertion !== null) {
        body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        body.set(
          'client_assertion',
          assertion ?? (await createAssertion(keyOf(id), { issuer: id, subject: id, audience: issuer })),
        )
      }
      const dpop = proof === undefined ? await createProof(proofKey, { method: 'POST', url: tokenEndpoint }) : proof
      const response = await fetch(tokenEndpoint, { method: 'POST', body, headers: dpop === null ? {} : { dpop } })
      const answer = (await response.json()) as Record<string, unknown>
      const { error, access_token: token } = answer
      return {
        status: response.status,
        error: typeof error === 'string' ? error : undefined,
        body: answer,
        claims: typeof token === 'string' ? decodeJwt(token) : {},
      }
    },
  }
}

/** A token for alice, as the application that she signed in to gets it. `fields` are laid over those of the request. */
export async function tokenForAlice(
  setup: Setup,
  application: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<string> {
  const assertion = await createAssertion(setup.keyOf(application), {
    issuer: application,
    subject: 'alice',
    audience: setup.running.issuer,
  })
  const form = { grant_type: grantTypes.jwtBearer, assertion, scope: 'tools:read', ...fields }
  const { body } = await setup.send(application, form)
  const { access_token: token } = body
  if (typeof token !== 'string') throw new Error('The application got no token')
  return token
}

export function exchangeForm(subjectToken: string): Record<string, string> {
  return {
    grant_type: grantTypes.tokenExchange,
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }
}

export interface SignedInput {
  readonly header?: Record<string, unknown>
  readonly claims: Record<string, unknown>
}

/** A JWT with any header and claims. */
export function sign(key: SigningKey, { header, claims }: SignedInput): Promise<string> {
  return new SignJWT({ jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: key.algorithm, ...header })
    .sign(key.privateKey)
}

export const seconds = (): number => Math.floor(Date.now() / 1_000)
