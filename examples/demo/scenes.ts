import type { ApiAnswer } from '../agents/agent.ts'
import type { Api, Stage } from './stage.ts'

export interface Scene {
  readonly name: string
  readonly api: Api
  readonly answer: ApiAnswer
}

/** The story: who does what. What comes of it is read from the answers and the audit events. */
export async function* play(stage: Stage): AsyncGenerator<Scene> {
  const { httpApi, mtlsApi, portal, planner, worker, auditor, clerk, legacy, late, thief } = stage
  const tools = `${httpApi.resource}/tools`
  const mtlsTools = `${mtlsApi.resource}/tools`
  const read = { resource: httpApi.resource, scope: 'tools:read' }
  const mtlsRead = { resource: mtlsApi.resource, scope: 'tools:read' }
  const onHttp = (name: string, answer: ApiAnswer): Scene => ({ name, api: httpApi, answer })
  const onMtls = (name: string, answer: ApiAnswer): Scene => ({ name, api: mtlsApi, answer })

  // A human's authority, used by an agent.
  const alicesToken = await portal.ask('tokenForUser', { user: 'alice', ...read })
  const plannersToken = await planner.ask('tokenOnBehalf', { subjectToken: alicesToken, ...read })
  const plannersCall = await planner.ask('call', { method: 'GET', url: tools, accessToken: plannersToken })
  yield onHttp('an agent reads a tool for a human', plannersCall)

  const workersToken = await worker.ask('tokenOnBehalf', { subjectToken: plannersToken, ...read })
  const workersCall = await worker.ask('call', { method: 'GET', url: tools, accessToken: workersToken })
  yield onHttp('the agent delegates to another agent', workersCall)

  const auditorsToken = await auditor.ask('ownToken', mtlsRead)
  const auditorsCall = await auditor.ask('call', { method: 'GET', url: mtlsTools, accessToken: auditorsToken })
  yield onMtls('an autonomous agent acts for itself', auditorsCall)

  const bobsToken = await portal.ask('tokenForUser', { user: 'bob', ...mtlsRead })
  const clerksToken = await clerk.ask('tokenOnBehalf', { subjectToken: bobsToken, ...mtlsRead })
  const clerksCall = await clerk.ask('call', { method: 'GET', url: mtlsTools, accessToken: clerksToken })
  yield onMtls('an agent with a certificate reads for a human', clerksCall)

  // The thief has read the planner's request on the wire.
  const { sent } = plannersCall
  const { authorization = '' } = sent
  const accessToken = authorization.slice('DPoP '.length)

  const asBearer = { authorization: `Bearer ${accessToken}` }
  yield onHttp(
    'stolen token without the key',
    await thief.ask('send', { method: 'GET', url: tools, headers: asBearer }),
  )

  const ownProof = await thief.ask('sendWithOwnProof', { method: 'GET', url: tools, accessToken })
  yield onHttp("stolen token with the thief's own key", ownProof)

  yield onHttp('replayed proof', await thief.ask('send', { method: 'GET', url: tools, headers: sent }))

  const elsewhere = `${httpApi.resource}/whoami`
  yield onHttp('proof for another URL', await thief.ask('send', { method: 'GET', url: elsewhere, headers: sent }))

  const otherKey = await worker.ask('call', { method: 'GET', url: tools, accessToken: plannersToken })
  yield onHttp("another agent's key", otherKey)

  // Agents that hold the right key, and still may not.
  const unboundToken = await legacy.ask('ownToken', read)
  const unbound = await legacy.ask('call', { method: 'GET', url: tools, accessToken: unboundToken })
  yield onHttp('unbound token', unbound)

  const writing = await planner.ask('call', { method: 'POST', url: tools, accessToken: plannersToken })
  yield onHttp('missing scope', writing)

  const lateToken = await late.ask('ownToken', read)
  yield onHttp('expired token', await late.ask('call', { method: 'GET', url: tools, accessToken: lateToken }))

  // Two agents that pass one task back and forth: each hop is allowed, the sum of them is not.
  let handedOn = workersToken
  for (const agent of [planner, worker, planner, worker]) {
    handedOn = await agent.ask('tokenOnBehalf', { subjectToken: handedOn, ...read })
  }
  yield onHttp('too deep a chain', await worker.ask('call', { method: 'GET', url: tools, accessToken: handedOn }))

  // The thief has got hold of the auditor's request as well.
  const stolen = { method: 'GET', url: mtlsTools, headers: auditorsCall.sent }
  const otherCertificate = await thief.ask('sendOverTls', { ...stolen, withOwnCertificate: true })
  yield onMtls('stolen token with another certificate', otherCertificate)

  const noCertificate = await thief.ask('sendOverTls', { ...stolen, withOwnCertificate: false })
  yield onMtls('stolen token without a certificate', noCertificate)
}
