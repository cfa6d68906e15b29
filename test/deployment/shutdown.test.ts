import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { isListening, until } from '../support/services.ts'
import { type Caller, createCaller, type Outcomes, underLoad } from './caller.ts'
import { type ReplicaName, replicaNames } from './files.ts'
import { type Deployment, describeDeployment, firstSecret, replicaOf } from './stage.ts'

/** The load is of callers that read and write. */
const good = ['GET 200', 'POST 201']
const tooLate = good.map((name) => name.replace(/ .*/, ' 503 replay_unavailable'))

describeDeployment('replicas that stop', (deployment) => {
  test('Example: SIGTERM under load loses no request and no audit event, and the replica comes back', async () => {
    const subjects = ['prover-1', 'prover-2', 'prover-3', 'holder-1', 'holder-2']
    const callers = await Promise.all(
      subjects.map((subject) => createCaller(deployment, subject, subject.startsWith('prover') ? 'dpop' : 'mtls')),
    )
    const scout = await createCaller(deployment, 'scout-1')
    const ended: string[] = []
    const outcomes = await underLoad(callers, async () => {
      for (const name of replicaNames) {
        await isAnsweredBy(scout, name)
        expect([name, await deployment.stop(name)]).toEqual([name, 0])
        ended.push(deployment.printed(name))
        await deployment.start(name)
        await isAnsweredBy(scout, name)
      }
    })
    // On a machine that does more, Redis may answer too late for a request, which has nothing to do with the signal.
    const late = tooLate.reduce((sum, name) => sum + (outcomes.get(name) ?? 0), 0)
    for (const name of tooLate) outcomes.delete(name)
    expect(late).toBeLessThanOrEqual(sumOf(outcomes) / 50)
    expect([...outcomes.keys()].sort()).toEqual(good)
    const admitted = () => {
      const printed = [...ended, ...replicaNames.map((name) => deployment.printed(name))]
      return printed.flatMap(admittedIn).filter((subject) => subjects.includes(subject)).length
    }
    await until(() => admitted() >= sumOf(outcomes))
    expect(admitted()).toBe(sumOf(outcomes))
    for (const caller of callers) caller.close()
  }, 120_000)

  test('Example: a replica that stops ends its streams, and goes on with what arrives on open connections', async () => {
    const name = 'api-1'
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async (path: string) => {
      const outgoing = request({ host: '127.0.0.1', port: deployment.ports[name], path, agent }).end()
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
      await text(response)
      return { status: response.statusCode, connection: response.headers.connection }
    }
    const caller = await createCaller(deployment, 'watcher-1')
    await caller.call()
    const stream = caller.send({ at: name, path: '/events', headers: await caller.sign({ path: '/events' }) })
    expect(await ask('/livez')).toEqual({ status: 200, connection: 'keep-alive' })

    const stopped = deployment.stop(name)
    await until(async () => !(await isListening(deployment.ports[name])))
    expect(await deployment.checkHealth(name)).not.toBe(0)
    expect(await ask('/readyz')).toEqual({ status: 503, connection: 'close' })
    expect(await stream).toMatchObject({ status: 200, body: { text: 'data: hello\n\nevent: over\ndata:\n\n' } })
    expect(await stopped).toBe(0)
    agent.destroy()
    await deployment.start(name)
  }, 60_000)

  test('DPOP-31: the nonce secret changes on both replicas, and no request is refused', async () => {
    const next = 'the next secret, of more than 32 bytes'
    const callers = await Promise.all([1, 2, 3].map((at) => createCaller(deployment, `prover-${at}`)))
    const scout = await createCaller(deployment, 'scout-2')
    for (const name of replicaNames) await deployment.stop(name)
    for (const name of replicaNames) await deployment.start(name, environment)
    for (const caller of [scout, ...callers]) await until(async () => (await caller.call()).status === 200)
    const rounds = callers.map((caller) => caller.rounds())
    const give = (...secrets: readonly string[]) => restartBoth(deployment, scout, secrets)
    const outcomes = await underLoad(callers, async () => {
      await give(firstSecret, next)
      await give(next, firstSecret)
      const end = performance.now() + nonceSeconds * 1_000
      await until(() => performance.now() > end)
      await give(next)
    })
    expect([...outcomes.keys()].sort()).toEqual(good)
    expect(callers.map((caller) => caller.rounds())).toEqual(rounds)
    for (const caller of callers) caller.close()
  }, 240_000)
})

/** In place of five minutes. */
const nonceSeconds = 10
const environment = { NONCE_SECONDS: String(nonceSeconds) }

/** One after the other, as an operator does. */
async function restartBoth(deployment: Deployment, scout: Caller, secrets: readonly string[]): Promise<void> {
  deployment.writeSecrets(...secrets)
  for (const name of replicaNames) {
    expect([name, await deployment.stop(name)]).toEqual([name, 0])
    await deployment.start(name, environment)
    await isAnsweredBy(scout, name)
  }
}

/** Until nginx sends requests to it. */
async function isAnsweredBy(scout: Caller, name: ReplicaName): Promise<void> {
  await until(async () => {
    const { status, body } = await scout.call()
    expect([status, body['code']]).toEqual([200, undefined])
    return replicaOf(body) === name
  }, 60_000)
}

/** Who was admitted, by the audit events. */
function admittedIn(printed: string): readonly string[] {
  const lines = printed.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
  const events = lines.map((line) => JSON.parse(line))
  return events
    .filter(({ phase, decision }) => phase === 'authentication' && decision === 'admitted')
    .map(({ actor }) => String(actor?.subject))
}

function sumOf(outcomes: Outcomes): number {
  return [...outcomes.values()].reduce((sum, count) => sum + count, 0)
}
