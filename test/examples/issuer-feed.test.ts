import type { ServerResponse } from 'node:http'
import { decodeJwt } from 'jose'
import { createVerifier } from 'onbehalf'
import { memoryRevocations } from 'onbehalf/revocation'
import { expect, onTestFinished, test } from 'vitest'
import type { DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createRevocationFeed, type RevocationFeed } from '../../examples/issuer/revocation-feed.ts'
import { listen } from '../support/servers.ts'
import { until } from '../support/services.ts'
import { setUp } from './issuer-setup.ts'
import { createReader } from './resource-servers.ts'

interface Served {
  readonly issuer: string
  readonly feed: RevocationFeed
  readonly revocations: ReturnType<typeof memoryRevocations>
  /** Writes after the end, and errors of the answers. */
  readonly faults: unknown[]
  readonly answers: ServerResponse[]
  /** Opens a stream; resolves with its text once it has ended. */
  open(token: string): Promise<{ readonly text: Promise<string> }>
  /** Opens a stream of which nothing is read. */
  openUnread(token: string): Promise<void>
  readonly token: () => Promise<string>
}

/** A feed of its own, whose answers are watched. */
async function serveFeed(): Promise<Served> {
  const { running, issuer } = await setUp()
  const reader: DpopAgent = await createReader(running, 'reader')
  const resource = `${issuer}/revocations`
  const faults: unknown[] = []
  const answers: ServerResponse[] = []
  let feed: RevocationFeed | undefined
  const port = await listen((request, response) => {
    answers.push(response)
    response.on('error', (error) => faults.push(error))
    const write = response.write.bind(response) as (chunk: unknown) => boolean
    response.write = ((chunk: unknown) => {
      if (response.writableEnded) faults.push('a write after the end')
      return write(chunk)
    }) as typeof response.write
    void feed?.answer(request, response)
  })
  const publicUrl = `http://127.0.0.1:${port}`
  const revocations = memoryRevocations()
  const verifier = createVerifier({ issuer, resource, publicUrl, metadata: false, revocation: revocations })
  const made = createRevocationFeed({ verifier, now: Date.now })
  feed = made
  onTestFinished(async () => {
    made.close()
    await verifier.close()
  })
  return {
    ...{ issuer, feed: made, revocations, faults, answers },
    token: async () => (await reader.ownToken({ resource, scope: 'revocations:read' })).accessToken,
    async openUnread(token) {
      const { status, body } = await reader.open(`${publicUrl}/`, token, AbortSignal.timeout(20_000))
      expect(status).toBe(200)
      onTestFinished(() => body?.cancel().catch(() => undefined))
    },
    async open(token) {
      const { status, body } = await reader.open(`${publicUrl}/`, token, AbortSignal.timeout(20_000))
      expect(status).toBe(200)
      const text = new Response(body).text()
      // One whose connection is cut has no text.
      text.catch(() => undefined)
      return { text }
    },
  }
}

/** Two beats, which come four times a second. */
async function beats({ answers }: Served): Promise<void> {
  const written = () => answers.at(-1)?.socket?.bytesWritten ?? 0
  const before = written()
  await until(() => written() > before + 16)
}

test('Examples: nothing is written to a stream after its end, whoever ends it', async () => {
  const served = await serveFeed()
  const { issuer, feed, revocations, faults } = served
  const [first, second] = [await served.token(), await served.token()]
  const [ended, goesOn] = [await served.open(first), await served.open(second)]
  feed.announce({ issuer, token: 'before' })
  revocations.revoke({ issuer, token: String(decodeJwt(first).jti) })
  const text = await ended.text
  expect(text).toContain('"before"')
  feed.announce({ issuer, token: 'after' })
  await beats(served)
  expect(text).not.toContain('"after"')
  feed.close()
  feed.announce({ issuer, token: 'late' })
  const other = await goesOn.text
  expect(other).toContain('"after"')
  expect(other).not.toContain('"late"')
  expect(faults).toEqual([])
})

test('Examples: nothing is written to a stream that its reader has left', async () => {
  const served = await serveFeed()
  const { issuer, feed, answers, faults } = served
  const token = await served.token()
  await served.open(token)
  await served.open(token)
  answers[0]?.destroy()
  feed.announce({ issuer, token: 'after' })
  await beats(served)
  expect(faults).toEqual([])
})

test('Examples: a stream that ends with much that its reader has not read is cut off at once', async () => {
  const served = await serveFeed()
  const { issuer, feed, revocations, answers } = served
  // More than the system buffers for a connection.
  for (let at = 0; at < 300; at++) feed.announce({ issuer, token: `${at}${'x'.repeat(100_000)}` })
  const token = await served.token()
  await served.openUnread(token)
  const [answer] = answers
  await until(() => (answer?.writableLength ?? 0) > 1_000_000)
  let isEnded = false
  answer?.once('finish', () => {
    isEnded = true
  })
  revocations.revoke({ issuer, token: String(decodeJwt(token).jti) })
  await until(() => answer?.destroyed === true || answer?.writableEnded === true)
  expect([answer?.destroyed, isEnded]).toEqual([true, false])
})
