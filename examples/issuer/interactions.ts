import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Interaction, Provider } from 'oidc-provider'
import type { AuthorizationDetail } from './actor-profile-claims.ts'
import { readForm } from './form.ts'
import type { Journal } from './journal.ts'
import { type Asked, consentPage, durations } from './pages/consent.ts'
import { html, sendPage } from './pages/layout.ts'
import { signInPage } from './pages/sign-in.ts'
import type { People } from './people.ts'
import { rightsOf } from './registration.ts'
import { passwordSignIn } from './session.ts'

export interface InteractionSettings {
  readonly people: People
  readonly journal: Journal
}

/** What oidc-provider asks a person: to sign in, and to consent. */
export async function answerInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  settings: InteractionSettings,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response).catch(() => undefined)
  // The cookie is bound to its path; this is for a page that was left open.
  if (interaction === undefined || request.url !== `/interaction/${interaction.uid}`) return sendExpired(response)
  if (request.method === 'GET') return showPrompt(provider, interaction, response, settings)
  const form = request.method === 'POST' ? await readForm(request, provider.issuer) : undefined
  if (form === undefined)
    return sendPage(response, 403, 'Not from here', html`<p role="alert">This form was not sent by this page.</p>`)
  const step = { provider, interaction, request, response, form, ...settings }
  return interaction.prompt.name === 'login' ? signIn(step) : decideConsent(step)
}

interface Step extends InteractionSettings {
  readonly provider: Provider
  readonly interaction: Interaction
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly form: URLSearchParams
}

async function showPrompt(
  provider: Provider,
  interaction: Interaction,
  response: ServerResponse,
  { people }: InteractionSettings,
): Promise<void> {
  const action = `/interaction/${interaction.uid}`
  if (interaction.prompt.name === 'login') return sendPage(response, 200, 'Sign in', signInPage(action, false))
  const asked = await readAsked(provider, interaction, people)
  if (asked === undefined) return sendExpired(response)
  sendPage(response, 200, `Let ${asked.agent} act for you?`, consentPage(action, asked))
}

async function readAsked(provider: Provider, interaction: Interaction, people: People): Promise<Asked | undefined> {
  const client = await provider.Client.find(String(interaction.params['client_id']))
  const person = people.find(interaction.session?.accountId ?? '')
  if (client === undefined || person === undefined) return undefined
  return {
    agent: client.clientName ?? client.clientId,
    rights: rightsOf(client),
    person: person.name,
    resources: Object.entries(missingScopes(interaction)),
    details: askedDetails(interaction),
  }
}

function missingScopes({ prompt }: Interaction): Readonly<Record<string, readonly string[]>> {
  return (prompt.details['missingResourceScopes'] ?? {}) as Record<string, readonly string[]>
}

function askedDetails({ prompt }: Interaction): readonly AuthorizationDetail[] {
  return (prompt.details['rar'] ?? []) as readonly AuthorizationDetail[]
}

async function signIn({ provider, interaction, request, response, form, people }: Step): Promise<void> {
  const person = await people.signIn(form.get('login') ?? '', form.get('password') ?? '')
  if (person === undefined) {
    return sendPage(response, 200, 'Sign in', signInPage(`/interaction/${interaction.uid}`, true))
  }
  const login = { accountId: person, remember: false, ...passwordSignIn }
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
}

async function decideConsent({ provider, interaction, request, response, form, journal }: Step): Promise<void> {
  const person = interaction.session?.accountId
  const client = String(interaction.params['client_id'])
  // One that was revoked meanwhile gets no grant.
  if (person === undefined || (await provider.Client.find(client)) === undefined) return sendExpired(response)
  const told = { person, client, path: '/interaction' } as const
  const seconds = durations.find(([choice]) => String(choice) === form.get('seconds'))?.[0]
  if (form.get('do') !== 'allow' || seconds === undefined) {
    await journal.write({ ...told, operation: 'denial' })
    const error = { error: 'access_denied', error_description: 'The person has not consented' }
    return provider.interactionFinished(request, response, error, { mergeWithLastSubmission: false })
  }
  const grant = new provider.Grant({ accountId: person, clientId: client, expiresIn: seconds })
  const openId = interaction.prompt.details['missingOIDCScope'] as readonly string[] | undefined
  if (openId !== undefined) grant.addOIDCScope(openId.join(' '))
  const resources = Object.entries(missingScopes(interaction))
  for (const [resource, scopes] of resources) grant.addResourceScope(resource, scopes.join(' '))
  for (const detail of askedDetails(interaction)) grant.addRar(detail)
  const grantId = await grant.save()
  await journal.write({
    ...told,
    operation: 'consent',
    scopesAsked: resources.flatMap(([, scopes]) => scopes).join(' '),
  })
  await provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true })
}

function sendExpired(response: ServerResponse): void {
  sendPage(response, 400, 'Too late', html`<p role="alert">This page has expired. Start again at the agent.</p>`)
}
