import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, Provider } from 'oidc-provider'
import { consentsOf } from './consents.ts'
import { readForm } from './form.ts'
import { grantsPage } from './pages/grants.ts'
import { html, sendPage } from './pages/layout.ts'
import type { People } from './people.ts'
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
  if (person === undefined) {
    return sendPage(response, 401, 'Your agents', html`<p>Sign in first: start at an agent that acts for you.</p>`)
  }
  const consents = await consentsOf(person.id, provider, storage)
  if (request.method !== 'POST') return sendPage(response, 200, 'Your agents', grantsPage(person.name, consents))

  const grant = (await readForm(request, provider.issuer))?.get('grant')
  // A person can take back what is their own.
  if (!consents.some(({ id }) => id === grant)) {
    return sendPage(response, 403, 'Your agents', html`<p role="alert">There is no such grant.</p>`)
  }
  await revokeGrant(String(grant), person.id)
  response.writeHead(303, { location: '/grants' }).end()
}
