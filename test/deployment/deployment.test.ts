import { expect, test } from 'vitest'
import { pemOf } from '../support/forwarded.ts'
import { until } from '../support/services.ts'
import { createCaller, underLoad } from './caller.ts'
import { replicaNames } from './files.ts'
import { describeDeployment, replicaOf } from './stage.ts'

describeDeployment('the deployment of the example', (deployment) => {
  test('RFC 8705 §3: a certificate-bound token is admitted at both replicas, and with its certificate alone', async () => {
    const caller = await createCaller(deployment, 'travel-7', 'mtls')
    const answered = new Set<string>()
    await until(async () => {
      const { status, body } = await caller.call()
      expect([status, body['proven']]).toEqual([200, 'mtls'])
      return answered.add(replicaOf(body)).size === replicaNames.length
    })
    const other = await createCaller(deployment, 'other-1', 'mtls')
    const headers = await caller.sign()
    expect(await other.send({ headers })).toMatchObject({ status: 401, body: { code: 'binding_mismatch' } })
    const thief = await createCaller(deployment, 'thief-1')
    expect(await thief.send({ headers })).toMatchObject({ status: 401, body: { code: 'certificate_missing' } })
  })

  test('MTLS-07: nginx overwrites a certificate field of the client, with a certificate and without', async () => {
    const caller = await createCaller(deployment, 'travel-7', 'mtls')
    const other = await createCaller(deployment, 'other-1', 'mtls')
    const thief = await createCaller(deployment, 'thief-1')
    const { certificate } = caller.agent
    if (certificate === undefined) throw new Error('the agent has a certificate')
    const forged = encodeURIComponent(pemOf(certificate))
    const signed = await caller.sign()
    for (const value of [forged, [forged, forged]]) {
      for (const name of ['ssl-client-cert', 'SSL-Client-Cert', 'ssl_client_cert']) {
        const headers = { ...signed, [name]: value }
        expect((await other.send({ headers })).body).toMatchObject({ code: 'binding_mismatch' })
        expect((await thief.send({ headers })).body).toMatchObject({ code: 'certificate_missing' })
      }
    }
    const headers = { ...signed, 'ssl-client-cert': 'x' }
    expect((await caller.send({ headers })).status).toBe(200)
  })

  test('DPOP-17: a proof that one replica has admitted is refused by the other, and through nginx', async () => {
    const caller = await createCaller(deployment, 'travel-7')
    await caller.call()
    for (const [first, second] of [replicaNames, [...replicaNames].reverse()]) {
      const headers = await caller.sign()
      expect((await caller.send({ headers, at: first })).status).toBe(200)
      const again = { status: 401, body: { code: 'proof_replayed' } }
      expect(await caller.send({ headers, at: second })).toMatchObject(again)
      expect(await caller.send({ headers, at: first })).toMatchObject(again)
      for (let times = 0; times < 4; times++) expect(await caller.send({ headers })).toMatchObject(again)
    }
  })

  test('DPOP-17: of many uses of a proof at the same time exactly one is admitted', async () => {
    const caller = await createCaller(deployment, 'travel-7')
    await caller.call()
    for (let round = 0; round < 5; round++) {
      const headers = await caller.sign()
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, at) => caller.send({ headers, at: replicaNames[at % 2] as 'api-1' | 'api-2' })),
      )
      const statuses = replies.map(({ status }) => status).sort()
      expect(statuses).toEqual([200, ...Array(19).fill(401)])
    }
  })

  test('DPOP-29: a nonce of one replica is accepted by the other', async () => {
    const caller = await createCaller(deployment, 'travel-7')
    expect(await caller.send({ headers: await caller.sign(), at: 'api-1' })).toMatchObject({
      status: 401,
      body: { code: 'nonce_required' },
    })
    expect((await caller.send({ headers: await caller.sign(), at: 'api-2' })).status).toBe(200)
  })

  test('Example: every health check of compose.yaml succeeds, and the probes are not served through nginx', async () => {
    for (const name of ['api-1', 'api-2', 'redis'] as const)
      expect([name, await deployment.checkHealth(name)]).toEqual([name, 0])
    const caller = await createCaller(deployment, 'travel-7')
    const ready = { status: 200, body: { draining: false, keys: true, replay: 'ready' } }
    for (const at of replicaNames) expect(await caller.send({ at, path: '/readyz' })).toMatchObject(ready)
    for (const at of replicaNames) expect((await caller.send({ at, path: '/livez' })).status).toBe(200)
    for (const path of ['/livez', '/readyz']) expect((await caller.send({ path })).status).toBe(404)
  })

  test('Example: each answered request is an audit event on the output of its replica', async () => {
    const caller = await createCaller(deployment, 'audited-1', 'mtls')
    const { body } = await caller.call({ method: 'POST' })
    await until(() => deployment.printed(replicaOf(body)).includes('"audited-1"'))
    const lines = deployment.printed(replicaOf(body)).trim().split('\n')
    const events = lines.map((line) => JSON.parse(line)).filter(({ actor }) => actor?.subject === 'audited-1')
    expect(events.map(({ phase, decision }) => `${phase} ${decision}`)).toEqual([
      'authentication admitted',
      'access admitted',
    ])
  })

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
    // nginx sends a GET again whose replica was killed, and by the first it knows. A POST on a connection that has just
    // died would be a 502: it may have been served.
    for (const method of ['GET', 'POST'] as const) {
      for (let times = 0; times < 10; times++) {
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
