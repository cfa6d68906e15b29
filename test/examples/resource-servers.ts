/** Resource servers on real sockets that follow the revocations of the reference issuer, for the tests of this folder. */
import type { RequestListener } from 'node:http'
import { createVerifier, type VerifierOptions } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { onTestFinished } from 'vitest'
import { createDpopAgent, type DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import type { RunningIssuer } from '../../examples/issuer/server.ts'
import {
  type FeedSettings,
  type FollowedRevocations,
  followRevocations,
} from '../../examples/resource-server/revocation-feed.ts'
import { listen } from '../support/servers.ts'
import { keyMetadata } from './issuer-setup.ts'

export interface ResourceServer {
  readonly url: string
  readonly revocations: FollowedRevocations
  readonly failures: readonly unknown[]
}

/** A client of the issuer that may read what is revoked. */
export async function createReader(running: RunningIssuer, id: string, scope = 'revocations:read'): Promise<DpopAgent> {
  const clientKey = await createSigningKey()
  await registerReader(running, id, clientKey, scope)
  return createDpopAgent({ id, issuer: running.issuer, clientKey })
}

export function registerReader(
  running: RunningIssuer,
  id: string,
  key: SigningKey,
  scope = 'revocations:read',
): Promise<void> {
  return running.addClient({
    client_id: id,
    owner: 'API team',
    client_profile: 'service',
    scope,
    may_reach: [`${running.issuer}/revocations`],
    grant_types: ['client_credentials'],
    ...keyMetadata(key),
  })
}

export async function follow(
  running: RunningIssuer,
  changes: Partial<FeedSettings> = {},
): Promise<FollowedRevocations> {
  const agent = changes.agent ?? (await createReader(running, 'reader'))
  const revocations = followRevocations({ issuer: running.issuer, agent, ...changes })
  onTestFinished(() => revocations.close())
  return revocations
}

interface ApiSettings extends Partial<FeedSettings> {
  readonly resource: string
  readonly scope: string
  readonly verifier?: Partial<VerifierOptions>
}

/** `GET /stream` goes on until the token ends; everything else answers with the context. */
export async function startApi(running: RunningIssuer, settings: ApiSettings): Promise<ResourceServer> {
  const { resource, scope, verifier: options, ...feed } = settings
  let answer: RequestListener = () => {}
  const port = await listen((request, response) => answer(request, response))
  const url = `http://127.0.0.1:${port}`
  const failures: unknown[] = []
  const agent = feed.agent ?? (await createReader(running, `api-${port}`))
  const revocations = await follow(running, { agent, onFailure: (error) => failures.push(error), ...feed })
  const verifier = createVerifier({
    ...{ issuer: running.issuer, resource, publicUrl: url, revocation: revocations, metadata: false },
    ...options,
  })
  onTestFinished(() => verifier.close())
  const gate = createNodeGate(verifier)
  answer = async (request, response) => {
    const context = await gate(request, response, { scopes: [scope] })
    if (context === undefined) return
    if (request.url !== '/stream') return void response.end(JSON.stringify(context))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n')
    verifier.lease(context).addEventListener('abort', () => response.end(), { once: true })
  }
  return { url, revocations, failures }
}

/** The refusal code, or `admitted`. */
export async function codeAt({ url }: ResourceServer, agent: DpopAgent, token: string): Promise<string> {
  const { status, body } = await agent.call('GET', url, token)
  return status === 200 ? 'admitted' : String((body as { code?: string }).code ?? status)
}

/** Resolves with the milliseconds since `began` once the stream has ended. */
export async function openStream(
  { url }: ResourceServer,
  agent: DpopAgent,
  token: string,
): Promise<{ ended: Promise<number> }> {
  const { status, body } = await agent.open(`${url}/stream`, token, AbortSignal.timeout(30_000))
  if (status !== 200 || body === null) throw new Error(`The stream did not open: ${status}`)
  const drain = async () => {
    for await (const _ of body);
    return performance.now()
  }
  return { ended: drain() }
}
