import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, Provider } from 'oidc-provider'
import { consentsOf } from './consents.ts'
import { readForm } from './form.ts'
import { grantsPage } from './pages/grants.ts'
import { html, sendPage } from './pages/layout.ts'
import { signInPage } from './pages/sign-in.ts'
import type { People } from './people.ts'
import { endSession, startSession } from './session.ts'
import type { Storage } from './storage.ts'

export interface GrantsSettings {
  readonly people: People
  readonly storage: Storage
  revokeGrant(grantId: string, person: string): Promise<void>
}

/** A signed-in person sees what agents may do in their name, and takes it back. */
export async function answerGrantsPage(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  { people, storage, revokeGrant }: GrantsSettings,
): Promise<void> {
  const { accountId } = await provider.Session.get({ req: request, res: response } as Context)
  const person = people.find(accountId ?? '')
  if (person === undefined) return answerStranger(provider, request, response, people)
  const consents = await consentsOf(person.id, provider, storage)
  if (request.method !== 'POST') return sendPage(response, 200, 'Your agents', grantsPage(person.name, consents))

  const form = await readForm(request, provider.issuer)
  if (form?.get('do') === 'sign-out') {
    await endSession(provider, request, response)
    return goToGrants(response)
  }
  const grant = form?.get('grant')
  // A person can take back what is their own.
  if (!consents.some(({ id }) => id === grant)) {
    return sendPage(response, 403, 'Your agents', html`<p role="alert">There is no such grant.</p>`)
  }
  await revokeGrant(String(grant), person.id)
  goToGrants(response)
}

/** People can look without being sent here by an agent. */
async function answerStranger(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  people: People,
): Promise<void> {
  if (request.method !== 'POST') return sendPage(response, 401, 'Sign in', signInPage('/grants', false))
  const form = await readForm(request, provider.issuer)
  const accountId = await people.signIn(form?.get('login') ?? '', form?.get('password') ?? '')
  if (accountId === undefined) return sendPage(response, 401, 'Sign in', signInPage('/grants', true))
  await startSession(provider, request, response, accountId)
  goToGrants(response)
}

function goToGrants(response: ServerResponse): void {
  response.writeHead(303, { location: '/grants' }).end()
}
