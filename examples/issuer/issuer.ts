import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Context, Provider } from 'oidc-provider'
import { type AuditSink, createVerifier } from 'onbehalf'
import type { Revocation } from 'onbehalf/revocation'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { type Attestations, createAttestations } from './attestations.ts'
import type { Exchanged } from './claims.ts'
import { clientAdapter } from './clients.ts'
import type { DialectName } from './dialects/index.ts'
import { answerGrantsPage } from './grants-page.ts'
import { createGuessLimit } from './guess-limit.ts'
import { addErrorCorrections } from './hardening.ts'
import { addHooks } from './hooks.ts'
import { answerInteraction } from './interactions.ts'
import { createInvitations, type Invitation } from './invitations.ts'
import { createJournal } from './journal.ts'
import { createLedger } from './ledger.ts'
import { createPeople, type Person } from './people.ts'
import { createProvider } from './provider.ts'
import type { ClientMetadata } from './registration.ts'
import { createResources, type Resource, revocationsPath } from './resources.ts'
import { createRevocationFeed } from './revocation-feed.ts'
import { createRevoker } from './revoker.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createStorage } from './storage.ts'
import { addTokenExchange } from './token-exchange.ts'
import { addTokenType } from './token-type.ts'

export interface IssuerSettings {
  readonly issuer: string
  readonly secureOrigin: string | undefined
  readonly resources: readonly Resource[]
  readonly people: readonly Person[]
  /** Clients that the operator knows from the start; others register themselves. */
  readonly clients?: readonly ClientMetadata[]
  /** How its access tokens are written. Default: the actor profile. */
  readonly dialect?: DialectName
  /** The longest chain of actors. APIs may accept less. Default: 5. */
  readonly maxDepth?: number
  readonly audit?: AuditSink
  /** Who sends a request: `X-Forwarded-For` where a proxy of yours writes it. Default: the address of the socket. */
  readonly addressOf?: (request: IncomingMessage) => string
  /** Milliseconds since the epoch. oidc-provider has the time of the system. */
  readonly clock?: () => number
  /** Called with each revocation, beside the feed. */
  readonly onRevoked?: (revocation: Revocation) => void
}

/** What the operator of the issuer can do. None of it is reachable over HTTP. */
export interface AgentIssuer extends Pick<Attestations, 'lapsed'> {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Tokens may be for this API from now on. */
  addResource(resource: Resource): void
  /** Registers a client, or replaces one; throws where its metadata are not acceptable. */
  addClient(client: ClientMetadata): Promise<void>
  /** A token for one registration (RFC 7591 §3, initial access token). */
  invite(invitation: Invitation): Promise<string>
  /** Its owner says again that the agent is theirs. Rejects where it has another owner. */
  attest(agent: string, owner: string): Promise<void>
  /** The next key signs from now on; tokens of the one before are good until they end. */
  rotateKeys(): Promise<void>
  /** Ends its tokens everywhere and its registration. */
  revokeAgent(id: string): Promise<void>
  end(): void
}

export async function createIssuer(settings: IssuerSettings): Promise<AgentIssuer> {
  const { issuer, clock = Date.now, audit = { write() {} } } = settings
  const now = () => Math.floor(clock() / 1_000)
  const storage = createStorage(clock, async ({ grantId, clientId: client, accountId: person }) => {
    if (grantId === undefined) return
    await revoke.grant(grantId)
    await journal.write({ operation: 'grant_revocation', client, person })
  })
  const clients = clientAdapter(storage)
  const people = createPeople(settings.people, clock)
  const attestations = createAttestations(now)
  const journal = createJournal(audit, { issuer, clock, ownerOf: attestations.ownerOf })
  const invitations = createInvitations()
  const guesses = createGuessLimit(clock)
  const resources = createResources(issuer, settings.resources)
  const feedVerifier = createVerifier({
    issuer,
    resource: `${issuer}${revocationsPath}`,
    publicUrl: issuer,
    metadata: false,
    audit: { write: (record) => audit.write(record) },
    // A reader whose token was revoked (RFC 7009), or whose registration has ended, hears no more.
    revocation: {
      isRevoked: async ({ clientId = '', tokenId }) =>
        !ledger.isAlive(tokenId) || (await provider.Client.find(clientId)) === undefined,
    },
  })
  const feed = createRevocationFeed({ verifier: feedVerifier, now: clock })
  const ledger = createLedger(issuer, storage, now, (revocation) => {
    feed.announce(revocation)
    settings.onRevoked?.(revocation)
  })
  const revoke = createRevoker({ storage, ledger, attestations })
  const exchanged = new WeakMap<Context, Exchanged>()
  const issued = new WeakMap<Context, { claims: ActorProfileClaims; written: Record<string, unknown> }>()
  const secrets = { cookies: randomBytes(32).toString('base64url'), nonces: randomBytes(32) }

  let keys = await createSigningKeys()
  await journal.write({ operation: 'key_generation' })
  let provider: Provider
  let callback: RequestListener
  startProvider()
  for (const client of settings.clients ?? []) await addClient(client)

  /** A server has its keys and scopes for life: a change of them starts another one over the same storage. */
  function startProvider(): void {
    provider = createProvider({
      ...{ issuer, keys, people, invitations, secrets, guesses },
      adapter: (kind) => (kind === 'Client' ? clients : storage.adapter(kind)),
      addressOf: settings.addressOf ?? (({ socket }) => socket.remoteAddress ?? ''),
      resourceServer: resources.server,
      secureOrigin: settings.secureOrigin,
      scopes: resources.scopes(),
      details: { types: resources.detailTypes(), typesOf: resources.detailTypesOf },
      dialect: settings.dialect ?? 'actor-profile',
      exchangedOf: (context) => exchanged.get(context),
      onClaims: (context, claims, written) => void issued.set(context, { claims, written }),
    })
    const keep = (context: Context, decided: Exchanged) => void exchanged.set(context, decided)
    addTokenType(provider, (context) => issued.get(context))
    addTokenExchange(provider, ledger, {
      issuer,
      maxDepth: settings.maxDepth ?? 5,
      now,
      resourceServer: resources.server,
      detailTypesOf: resources.detailTypesOf,
      keep,
    })
    addHooks(provider, {
      ledger,
      journal,
      attestations,
      invitations,
      revoke,
      issuedOf: (context) => issued.get(context),
    })
    addErrorCorrections(provider)
    callback = provider.callback()
  }

  async function addClient({ client_id: id, ...metadata }: ClientMetadata): Promise<void> {
    // One name for a person and a client could be taken for either (RFC 9700 §4.15).
    if (people.find(id) !== undefined) throw new Error(`The client ${id} cannot be registered: a person has this name`)
    const before = await clients.find(id)
    try {
      await clients.upsert(id, { client_id: id, ...metadata })
      // It is checked where it is read.
      await provider.Client.find(id)
    } catch (error) {
      if (before === undefined) await clients.destroy(id)
      else await clients.upsert(id, before)
      const { error_description: description } = error as { error_description?: string }
      throw new Error(`The client ${id} cannot be registered: ${description}`, { cause: error })
    }
    attestations.add(id, metadata.owner)
    await journal.write({ operation: 'registration', client: id })
  }

  async function revokeGrant(grantId: string, person: string): Promise<void> {
    await revoke.grant(grantId)
    await journal.write({ operation: 'grant_revocation', person, path: '/grants' })
  }

  return {
    async handle(request, response) {
      if (!URL.canParse(request.url ?? '', issuer)) return void response.writeHead(400).end()
      const { pathname } = new URL(request.url ?? '', issuer)
      if (pathname === revocationsPath) return feed.answer(request, response)
      if (pathname === '/grants') return answerGrantsPage(provider, request, response, { people, storage, revokeGrant })
      if (pathname.startsWith('/interaction/'))
        return answerInteraction(provider, request, response, { people, journal })
      await callback(request, response)
    },
    addClient,
    addResource(resource) {
      resources.add(resource)
      // It knows from the start which scopes there are.
      startProvider()
    },
    invite: (invitation) => invitations.invite(provider, invitation),
    lapsed: attestations.lapsed,
    async attest(agent, owner) {
      attestations.attest(agent, owner)
      await journal.write({ operation: 'attestation', client: agent, person: owner })
    },
    async rotateKeys() {
      keys = await keys.rotate()
      startProvider()
      await journal.write({ operation: 'key_rotation' })
    },
    async revokeAgent(id) {
      await revoke.client(id)
      await journal.write({ operation: 'agent_revocation', client: id })
    },
    end() {
      feed.close()
      void feedVerifier.close()
    },
  }
}
