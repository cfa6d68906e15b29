import { expect, test } from 'vitest'
import { until } from '../support/services.ts'
import { createCaller, underLoad } from './caller.ts'
import { replicaNames } from './files.ts'
import { describeDeployment, replicaOf } from './stage.ts'

describeDeployment('servers that fail', (deployment) => {
  test('Example: without Redis proofs get 503 and readiness tells so; certificates go on; with Redis proofs are back', async () => {
    const prover = await createCaller(deployment, 'prover-1')
    const holders = await Promise.all([1, 2].map((at) => createCaller(deployment, `holder-${at}`, 'mtls')))
    expect((await prover.call()).status).toBe(200)

    const outcomes = await underLoad(holders, async () => {
      await deployment.stop('redis')
      await until(async () => {
        const reply = await prover.call()
        expect(reply).toMatchObject({ status: 503, body: { code: 'replay_unavailable' } })
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
        const replies = await Promise.all(replicaNames.map((at) => prover.send({ at, path: '/readyz' })))
        expect(replies.map(({ status }) => status)).toEqual([200, 200])
        return replies.every(({ body }) => ['open', 'probing'].includes(String(body['replay'])))
      })
      expect(await deployment.checkHealth('redis')).not.toBe(0)
      for (const name of replicaNames) expect([name, await deployment.checkHealth(name)]).toEqual([name, 0])

      await deployment.start('redis')
      // It comes back empty: proofs are refused for 15 seconds, then at both replicas no more.
      for (const at of replicaNames) {
        await until(async () => (await prover.call({ at })).status === 200, 25_000)
        await until(async () => (await prover.send({ at, path: '/readyz' })).body['replay'] === 'ready')
      }
    })
    expect([...outcomes.keys()].sort()).toEqual(['GET 200', 'POST 201'])
  }, 90_000)

  test('Example: when one replica is killed the other answers, and with its restart both do', async () => {
    const prover = await createCaller(deployment, 'prover-2')
    await prover.call()
    await deployment.kill('api-1')
    for (let times = 0; times < 10; times++) {
      for (const method of ['GET', 'POST'] as const) {
        const { status, body } = await prover.call({ method })
        expect([status < 300, replicaOf(body)]).toEqual([true, 'api-2'])
      }
    }
    await deployment.start('api-1')
    const answered = new Set<string>()
    await until(async () => answered.add(replicaOf((await prover.call()).body)).size === 2)
  }, 60_000)

  test('Example: a replica that starts without its issuer is alive and not ready', async () => {
    const issuer = { ISSUER: 'http://127.0.0.1:1' }
    await deployment.stop('api-2')
    await deployment.start('api-2', issuer)
    const prober = await createCaller(deployment, 'prober-1')
    expect((await prober.send({ at: 'api-2', path: '/livez' })).status).toBe(200)
    expect(await prober.send({ at: 'api-2', path: '/readyz' })).toMatchObject({ status: 503, body: { keys: false } })
    await deployment.stop('api-2')
    await deployment.start('api-2')
    expect(await prober.send({ at: 'api-2', path: '/readyz' })).toMatchObject({ status: 200, body: { keys: true } })
  }, 60_000)
})
