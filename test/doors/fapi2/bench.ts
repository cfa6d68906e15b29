import { createTestCertificate, type TestAgent } from 'onbehalf/testing'
import type { Door } from '../app.ts'
import { type Changes, createDoorKit, type DoorKit } from '../kit.ts'
import type { Ask } from '../wire.ts'
import { askTls } from '../wire-tls.ts'

/** A resource server under the FAPI 2.0 preset on TLS, and what the steps send to it. */
export interface Bench {
  readonly kit: DoorKit
  /** Two clients with a certificate each. */
  readonly clients: readonly [TestAgent, TestAgent]
  /** Answers to requests sent one after another. */
  send(...changes: readonly Changes[]): Promise<readonly Outcome[]>
  /** A request of a client over a connection with a certificate. */
  sendMutual(holder: TestAgent, changes: Changes): Promise<Outcome>
  close(): Promise<void>
}

export interface Outcome {
  readonly status: number
  /** Of a refusal. */
  readonly code: string | undefined
}

export async function openBench(door: Door): Promise<Bench> {
  const kit = await createDoorKit()
  const [server, one, two] = await Promise.all([
    createTestCertificate({ commonName: 'api.example.test', hosts: ['127.0.0.1'] }),
    kit.issuer.agent('client-1', { certificate: true }),
    kit.issuer.agent('client-2', { certificate: true }),
  ])
  const { port, close } = await door.start({
    options: { ...kit.options, dpop: { preset: 'fapi2' } },
    routes: [{ path: '/tools' }],
    tls: { key: server.key, certificate: server.certificate },
  })
  const ask = askTls(port, server)
  const outcomeOf = async (via: Ask, changes: Changes): Promise<Outcome> => {
    const { status, body } = await via(await kit.shot(changes))
    return { status, code: (JSON.parse(body) as { code?: string }).code }
  }
  return {
    kit,
    clients: [one, two],
    close,
    async send(...list) {
      const outcomes: Outcome[] = []
      for (const changes of list) outcomes.push(await outcomeOf(ask, changes))
      return outcomes
    },
    sendMutual: (holder, changes) => outcomeOf(askTls(port, server, holder.certificate), changes),
  }
}
