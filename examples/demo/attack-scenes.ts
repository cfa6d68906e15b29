import type { ApiAnswer } from '../agents/agent.ts'
import type { Held } from './chain-scenes.ts'
import { redirectUri } from './registrations.ts'
import { type Scene, tokenOf } from './scenes.ts'
import type { Stage } from './stage.ts'

/** What must fail at the APIs. */
export async function* playAttacks(
  stage: Stage,
  { plannersToken, plannersCall, auditorsCall }: Held,
): AsyncGenerator<Scene> {
  const { alice, planner, portal, booker, thief, apis } = stage
  const tools = `${apis.tools.resource}/tools`
  const mtlsTools = `${apis.mtlsTools.resource}/tools`
  const onTools = (name: string, answer: ApiAnswer): Scene => ({ name, api: apis.tools, answer })
  const onMtls = (name: string, answer: ApiAnswer): Scene => ({ name, api: apis.mtlsTools, answer })

  // What APIs see today: the token that a person got for herself, in the hands of an agent.
  const resource = apis.tools.resource
  const way = await portal.ask('askForCode', { resource, scope: 'tools:read', redirectUri })
  const returned = await alice.ask('signIn', { url: way })
  const alicesToken = tokenOf(await portal.ask('redeemCode', { returned }))
  yield onTools(
    "the human's token in the agent's hands",
    await planner.ask('call', { method: 'GET', url: tools, accessToken: alicesToken }),
  )

  // The thief has read the planner's request on the wire.
  const { sent } = plannersCall
  const asBearer = { authorization: `Bearer ${plannersToken}` }
  yield onTools(
    'stolen token without the key',
    await thief.ask('send', { method: 'GET', url: tools, headers: asBearer }),
  )
  const ownProof = await thief.ask('sendWithOwnProof', { method: 'GET', url: tools, accessToken: plannersToken })
  yield onTools("stolen token with the thief's own key", ownProof)
  yield onTools('replayed proof', await thief.ask('send', { method: 'GET', url: tools, headers: sent }))
  const elsewhere = `${apis.tools.resource}/whoami`
  yield onTools('proof for another URL', await thief.ask('send', { method: 'GET', url: elsewhere, headers: sent }))
  yield onTools(
    "another agent's key",
    await booker.ask('call', { method: 'GET', url: tools, accessToken: plannersToken }),
  )

  // The right key, and still not allowed.
  yield onTools('missing scope', await planner.ask('call', { method: 'POST', url: tools, accessToken: plannersToken }))
  const atPayments = { method: 'POST', url: `${apis.payments.resource}/payments`, accessToken: plannersToken }
  yield { name: 'token for another API', api: apis.payments, answer: await planner.ask('call', atPayments) }

  // The thief has got hold of the auditor's request as well.
  const stolen = { method: 'GET', url: mtlsTools, headers: auditorsCall.sent }
  const otherCertificate = await thief.ask('sendOverTls', { ...stolen, withOwnCertificate: true })
  yield onMtls('stolen token with another certificate', otherCertificate)
  const noCertificate = await thief.ask('sendOverTls', { ...stolen, withOwnCertificate: false })
  yield onMtls('stolen token without a certificate', noCertificate)
}
