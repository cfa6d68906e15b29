import { consentOfAlice, type Held } from './chain-scenes.ts'
import type { TokenAnswer } from './protocol.ts'
import { redirectUri } from './registrations.ts'
import { type Scene, tokenOf } from './scenes.ts'
import type { Stage } from './stage.ts'

const refusal = (name: string, answer: TokenAnswer): Scene => ({ name, refusal: answer })

/** What must fail at the issuer, and what must end when somebody takes it back. */
export async function* playExchanges(stage: Stage, { plannersToken, bookingToken }: Held): AsyncGenerator<Scene> {
  const { issuer, operator, alice, planner, booker, seatTool, clerk, portal, apis } = stage
  const seats = apis.seats.resource
  const payments = { resource: apis.payments.resource, scope: 'pay' }

  const way = await portal.ask('askForCode', { resource: apis.tools.resource, scope: 'tools:read', redirectUri })
  const returned = await alice.ask('signIn', { url: way })
  const alicesToken = tokenOf(await portal.ask('redeemCode', { returned }))
  const beyond = { subjectToken: alicesToken, resource: seats, scope: 'seat:choose' }
  yield refusal('an exchange beyond may_act', await booker.ask('tokenOnBehalf', beyond))

  const foreign = await planner.ask('tokenOnBehalf', { subjectToken: plannersToken, ...payments })
  yield refusal('an exchange for a foreign API', foreign)

  const narrow = { subjectToken: bookingToken, resource: seats, scope: 'seat:choose' }
  const narrowToken = tokenOf(await booker.ask('tokenOnBehalf', narrow))
  yield refusal(
    'an exchange for wider scopes',
    await seatTool.ask('tokenOnBehalf', { subjectToken: narrowToken, ...payments }),
  )

  const seatToken = tokenOf(await booker.ask('tokenOnBehalf', { ...narrow, scope: 'seat:choose pay' }))
  const paymentToken = tokenOf(await seatTool.ask('tokenOnBehalf', { subjectToken: seatToken, ...payments }))
  yield refusal('too long a chain', await clerk.ask('tokenOnBehalf', { subjectToken: paymentToken, ...payments }))

  const stranger = tokenOf(await clerk.ask('ownToken', { resource: issuer, scope: 'agent:act' }))
  yield refusal("a stranger's actor token", await booker.ask('tokenOnBehalf', { ...narrow, actorToken: stranger }))

  const events = { url: `${apis.tools.resource}/events`, accessToken: plannersToken }
  yield {
    name: 'a stream that ends once she withdraws',
    api: apis.tools,
    answer: await planner.ask('openStream', events),
  }

  // Alice changes her mind.
  await alice.ask('takeBack', { from: 'Travel planner', grants: `${issuer}/grants` })
  const again = { subjectToken: plannersToken, resource: apis.booking.resource, scope: 'trip:book' }
  yield refusal('an exchange after alice withdrew', await planner.ask('tokenOnBehalf', again))
  await planner.ask('awaitEndOfStream', {})
  await withinASecond()
  const orderAgain = { method: 'POST', url: `${apis.booking.resource}/bookings`, accessToken: bookingToken }
  yield { name: 'a call after alice withdrew', api: apis.booking, answer: await planner.ask('call', orderAgain) }
  const readAgain = { method: 'GET', url: `${apis.tools.resource}/tools`, accessToken: plannersToken }
  yield { name: 'a call elsewhere after she withdrew', api: apis.tools, answer: await planner.ask('call', readAgain) }

  // She allows it again, and now the operator finds that agent B is not what it says.
  const booking = { resource: apis.booking.resource, scope: 'trip:book seat:choose pay' }
  const newBookingToken = await planner.ask('tokenOnBehalf', { subjectToken: await consentOfAlice(stage), ...booking })
  const toSeats = { subjectToken: tokenOf(newBookingToken), resource: seats, scope: 'seat:choose pay' }
  const accessToken = tokenOf(await booker.ask('tokenOnBehalf', toSeats))
  await operator.ask('revokeAgent', { id: 'booker' })
  yield refusal('a revoked agent', await booker.ask('tokenOnBehalf', toSeats))
  await withinASecond()
  const answer = await booker.ask('call', { method: 'GET', url: seats, accessToken })
  yield { name: "a revoked agent's token", api: apis.seats, answer }
}

/** What is taken back is refused within a second. */
function withinASecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000))
}
