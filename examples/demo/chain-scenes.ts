import type { ApiAnswer } from '../agents/agent.ts'
import type { Booking } from '../chain/booking-agent.ts'
import { type Scene, tokenOf } from './scenes.ts'
import type { Stage } from './stage.ts'

/** What the story goes on with. */
export interface Held {
  /** For the planner, at the API of tools: alice has consented to it with a device code. */
  readonly plannersToken: string
  readonly plannersCall: ApiAnswer
  /** For the planner, at agent B. */
  readonly bookingToken: string
  readonly auditorsCall: ApiAnswer
}

/** Human, agent A, agent B, tool C, and the API that C uses. */
export async function* playChain(stage: Stage): AsyncGenerator<Scene, Held> {
  const { planner, auditor, apis } = stage

  const resource = apis.tools.resource
  const plannersToken = await consentOfAlice(stage)
  const plannersCall = await planner.ask('call', {
    method: 'GET',
    url: `${resource}/tools`,
    accessToken: plannersToken,
  })
  yield { name: 'agent A reads for a human', api: apis.tools, answer: plannersCall }

  // One call, and each hop exchanges the token it was sent for one that can do less.
  const request = { resource: apis.booking.resource, scope: 'trip:book seat:choose pay' }
  const bookingToken = tokenOf(await planner.ask('tokenOnBehalf', { subjectToken: plannersToken, ...request }))
  const url = `${apis.booking.resource}/bookings`
  const booked = await planner.ask('call', { method: 'POST', url, accessToken: bookingToken })
  const { tool } = booked.body as Booking
  yield { name: 'agent A asks agent B', api: apis.booking, answer: booked }
  yield { name: 'agent B uses tool C', api: apis.seats, answer: { status: tool.status, body: null } }
  const { payment } = JSON.parse(tool.text) as { payment: Pick<ApiAnswer, 'status' | 'body'> }
  yield { name: 'tool C pays', api: apis.payments, answer: payment }

  // No human at all: an agent with a certificate, in its own name.
  const auditorsToken = tokenOf(
    await auditor.ask('ownToken', { resource: apis.mtlsTools.resource, scope: 'tools:read' }),
  )
  const auditorsUrl = `${apis.mtlsTools.resource}/tools`
  const auditorsCall = await auditor.ask('call', { method: 'GET', url: auditorsUrl, accessToken: auditorsToken })
  yield { name: 'an agent acts for itself', api: apis.mtlsTools, answer: auditorsCall }
  return { plannersToken, plannersCall, bookingToken, auditorsCall }
}

/** Alice signs in and consents at the issuer. The agent sees neither her password nor her session. */
export async function consentOfAlice({ alice, planner, apis }: Stage): Promise<string> {
  const scope = 'tools:read trip:book seat:choose pay'
  const asked = await planner.ask('askForConsent', { resource: apis.tools.resource, scope })
  await alice.ask('allowDevice', asked)
  return tokenOf(await planner.ask('consentedToken', {}))
}
