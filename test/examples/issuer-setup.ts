/** The reference issuer on loopback with people, agents and APIs of its own, for the tests of this folder. */
import { X509Certificate } from 'node:crypto'
import type { AuditEvent } from 'onbehalf'
import type { Revocation } from 'onbehalf/revocation'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'
import type { Agent } from '../../examples/agents/agent.ts'
import { TokenRequestError } from '../../examples/agents/authorization-server.ts'
import { requestDeviceCode } from '../../examples/agents/device-code.ts'
import { createDpopAgent, type DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createMtlsAgent } from '../../examples/agents/mtls-agent.ts'
import { createPerson, type Person } from '../../examples/agents/person.ts'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import type { ClientMetadata } from '../../examples/issuer/registration.ts'
import { type RunningIssuer, type ServerSettings, startIssuer } from '../../examples/issuer/server.ts'
import { tokenExchangeGrant } from '../../examples/issuer/token-exchange.ts'

export const apis = {
  trips: 'https://trips.example.test',
  booking: 'https://booking.example.test',
  tool: 'https://tool.example.test/mcp',
  payments: 'https://payments.example.test',
} as const

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
export const passwords: Readonly<Record<'alice' | 'bob', string>> = { alice: 'correct horse', bob: 'battery staple' }
export const callback = 'https://portal.example.test/callback'

/** What the operator has agreed on: agent-a acts for people, booker follows it, tool follows booker, auditor acts alone. */
type Registered = Omit<ClientMetadata, 'client_id' | 'token_endpoint_auth_method' | 'jwks'>
export type ClientName = 'agent-a' | 'booker' | 'tool' | 'portal' | 'auditor'

export const registered: Readonly<Record<ClientName, Registered>> = {
  'agent-a': {
    owner: 'Travel team',
    client_name: 'Travel agent',
    client_profile: 'ai_agent',
    scope: 'trip:read trip:book seat:choose pay agent:act',
    may_reach: [apis.trips, apis.booking],
    may_exchange: [apis.trips],
    may_introspect: [apis.trips],
    grant_types: [deviceGrant, 'client_credentials', tokenExchangeGrant],
  },
  booker: {
    owner: 'Booking team',
    client_profile: 'ai_agent',
    scope: 'trip:book seat:choose pay agent:act',
    may_reach: [apis.tool],
    may_exchange: [apis.booking],
    may_introspect: [apis.booking],
    may_follow: ['agent-a'],
    grant_types: ['client_credentials', tokenExchangeGrant],
  },
  tool: {
    owner: 'Tools team',
    client_profile: 'service',
    scope: 'pay agent:act',
    may_reach: [apis.payments],
    may_exchange: [apis.tool],
    may_introspect: [apis.tool],
    may_follow: ['booker'],
    grant_types: ['client_credentials', tokenExchangeGrant],
  },
  portal: {
    owner: 'Web team',
    client_profile: 'web_app',
    scope: 'openid trip:read trip:book',
    may_reach: [apis.trips],
    names_actor: 'agent-a',
    redirect_uris: [callback],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  },
  auditor: {
    owner: 'Compliance team',
    client_profile: 'ai_agent',
    scope: 'trip:read agent:act',
    may_reach: [apis.trips],
    grant_types: ['client_credentials', tokenExchangeGrant],
  },
}

export interface Setup {
  readonly running: RunningIssuer
  readonly issuer: string
  readonly events: readonly AuditEvent[]
  readonly revocations: readonly Revocation[]
  readonly alice: Person
  readonly bob: Person
  /** The registered key of the client. */
  keyOf(id: ClientName): SigningKey
  agent(id: Exclude<ClientName, 'auditor'>): Promise<DpopAgent>
  /** Authenticates with its certificate. */
  auditor(): Promise<Agent>
  /** A token for agent-a, to which alice has consented with a device code. */
  tokenOfAlice(scope?: string, resource?: string, asker?: DpopAgent): Promise<string>
}

const certificates: { issuer?: TestCertificate; auditor?: TestCertificate } = {}

export async function setUp(changes: Partial<ServerSettings> = {}): Promise<Setup> {
  certificates.issuer ??= await createTestCertificate({ commonName: 'issuer', hosts: ['127.0.0.1'] })
  certificates.auditor ??= await createTestCertificate({ commonName: 'auditor' })
  const { issuer: own, auditor } = certificates
  const keys = new Map<string, SigningKey>()
  for (const id of Object.keys(registered)) keys.set(id, await createSigningKey())
  const keyOf = (id: string) => keys.get(id) as SigningKey
  const events: AuditEvent[] = []
  const revocations: Revocation[] = []
  const running = await startIssuer({
    resources: [
      { id: apis.trips, scopes: ['trip:read', 'trip:book', 'seat:choose', 'pay'] },
      { id: apis.booking, scopes: ['trip:book', 'seat:choose', 'pay'] },
      { id: apis.tool, scopes: ['seat:choose', 'pay'] },
      { id: apis.payments, scopes: ['pay'] },
    ],
    people: [
      { id: 'alice', name: 'Alice', password: passwords.alice },
      { id: 'bob', name: 'Bob', password: passwords.bob },
    ],
    clients: Object.entries(registered).map(([id, metadata]) => ({
      client_id: id,
      ...metadata,
      ...(id === 'auditor' ? certificateMetadata(auditor) : keyMetadata(keyOf(id))),
    })),
    tls: { key: own.key, cert: own.certificate },
    audit: { write: (event) => void events.push(event as AuditEvent) },
    onRevoked: (revocation) => void revocations.push(revocation),
    ...changes,
  })
  onTestFinished(() => running.close())
  const { issuer } = running
  const agent: Setup['agent'] = (id) => createDpopAgent({ id, issuer, clientKey: keyOf(id) })
  const alice = createPerson('alice', passwords.alice)
  return {
    ...{ running, issuer, events, revocations, alice, keyOf, agent },
    bob: createPerson('bob', passwords.bob),
    auditor: () =>
      createMtlsAgent({
        id: 'auditor',
        issuer,
        identity: { key: auditor.key, cert: auditor.certificate, ca: [own.certificate] },
      }),
    async tokenOfAlice(scope = 'trip:read trip:book seat:choose pay', resource = apis.trips, asker) {
      const code = await requestDeviceCode(asker ?? (await agent('agent-a')), { resource, scope })
      await alice.allowDevice(code.verificationUri, code.userCode)
      return (await code.token()).accessToken
    },
  }
}

type Keys = Pick<ClientMetadata, 'token_endpoint_auth_method' | 'jwks'> & Partial<ClientMetadata>

export function keyMetadata(key: SigningKey): Keys {
  const jwks = { keys: [key.publicJwk] }
  return { token_endpoint_auth_method: 'private_key_jwt', dpop_bound_access_tokens: true, jwks }
}

export function certificateMetadata({ certificate, der }: TestCertificate): Keys {
  const publicJwk = new X509Certificate(certificate).publicKey.export({ format: 'jwk' })
  const x5c = [Buffer.from(der).toString('base64')]
  return {
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: [{ ...publicJwk, x5c }] },
  }
}

/** The error code that a token request ends with. */
export async function errorOf(request: Promise<unknown>): Promise<string> {
  try {
    await request
    return 'none'
  } catch (error) {
    if (error instanceof TokenRequestError) return error.error
    throw error
  }
}
