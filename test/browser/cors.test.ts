import { calculateJwkThumbprint } from 'jose'
import { describe, expect, test } from 'vitest'
import { describeInBrowser, type Handle, type OpenPage } from './chromium.ts'
import { type CorsApi, frameworks, startApi, startPage } from './cors-apis.ts'
import { createPageClient, type PageAnswer, type PageClient, type PageReply } from './page-client.ts'

describeInBrowser('Chromium, a page of another origin', (openPage) => {
  describe.each(frameworks)('%s', (_name, build) => {
    test.each([
      ['without exposed fields of its own', undefined, null],
      ['with exposed fields of its own, which stay', ['X-Total'], '7'],
    ])(
      'RFC 9449 §8: cors() before agentAuth, %s: the script reads challenge and nonce, and comes in',
      async (_how, exposedHeaders, total) => {
        const api = await startApi(build, { cors: 'before', ...(exposedHeaders && { exposedHeaders }) })
        const client = await openClient(openPage)
        expect(await client.evaluate(({ exportError }) => exportError, null)).toBe('InvalidAccessError')
        const ask = await callerOf(client, api)

        const challenged = answered(await ask(null))
        expect(challenged).toMatchObject({ status: 401, total })
        expect(challenged.challenge).toMatch(/DPoP error="use_dpop_nonce"/)
        expect(challenged.nonce).toMatch(/./)
        expect(JSON.parse(challenged.text)).toMatchObject({ code: 'nonce_required' })

        const admitted = answered(await ask(challenged.nonce))
        expect(admitted).toMatchObject({ status: 200, challenge: null, nonce: null, total })
        expect(JSON.parse(admitted.text)).toEqual({ by: 'page-app', for: 'alice' })

        expect(api.answers[0]).toBe('OPTIONS 204')
        expect(withoutPreflights(api)).toEqual(['GET 401', 'GET 200'])
      },
    )

    test.each([
      ['without exposed fields of its own', undefined, null],
      ['with exposed fields of its own, which stay', ['X-Total'], '7'],
    ])(
      'RFC 9449 §8.2: cors() after an optional agentAuth, %s: the script reads the next nonce',
      async (_how, exposedHeaders, total) => {
        const api = await startApi(build, { cors: 'after', optional: true, ...(exposedHeaders && { exposedHeaders }) })
        const nonce = await nonceOf(api)
        api.issuer.clock.advance(160)
        const ask = await callerOf(await openClient(openPage), api)

        const admitted = answered(await ask(nonce))
        expect(admitted).toMatchObject({ status: 200, total })
        expect(admitted.nonce).toMatch(/./)
        expect(admitted.nonce).not.toBe(nonce)
        expect(answered(await ask(admitted.nonce))).toMatchObject({ status: 200, nonce: null, total })
      },
    )

    test('Fetch, CORS-preflight fetch: cors() after agentAuth: the preflight is refused, and the request is never sent', async () => {
      const api = await startApi(build, { cors: 'after' })
      const ask = await callerOf(await openClient(openPage), api)
      expect(await ask(null)).toEqual({ status: null, error: 'TypeError' })
      expect(api.answers).toEqual(['OPTIONS 401'])
    })

    test('Fetch, CORS check: cors() after an optional agentAuth: a refusal has passed it by, and the script cannot read it', async () => {
      const api = await startApi(build, { cors: 'after', optional: true })
      const ask = await callerOf(await openClient(openPage), api)
      expect(await ask(null)).toEqual({ status: null, error: 'TypeError' })
      expect(api.answers).toEqual(['OPTIONS 204', 'GET 401'])
    })
  })
})

async function openClient(openPage: OpenPage): Promise<Handle<PageClient>> {
  const page = await openPage(await startPage())
  return page.evaluateHandle(createPageClient)
}

/** Sends a token that is bound to the key the page has made. */
async function callerOf(
  client: Handle<PageClient>,
  { issuer, url }: CorsApi,
): Promise<(nonce: string | null) => Promise<PageReply>> {
  const jkt = await calculateJwkThumbprint(await client.evaluate(({ publicJwk }) => publicJwk, null))
  const agent = await issuer.agent('page-app')
  const token = await issuer.token({ agent, human: 'alice', claims: { cnf: { jkt } } })
  return (nonce) => {
    const issuedAt = Math.floor(issuer.clock.now() / 1_000)
    return client.evaluate((page, request) => page.call(request), { url, token, issuedAt, nonce })
  }
}

/** A nonce is not bound to a client, so this one is fetched outside the browser. */
async function nonceOf({ issuer, url }: CorsApi): Promise<string> {
  const agent = await issuer.agent('fetcher-1')
  const headers = await agent.headers('GET', url, await issuer.token({ agent }))
  return String((await fetch(url, { headers })).headers.get('dpop-nonce'))
}

function answered(reply: PageReply): PageAnswer {
  if (reply.status === null) throw new Error(`The browser kept the answer from the script: ${reply.error}`)
  return reply
}

/** The browser may cache the answer to a preflight, so preflights do not count. */
function withoutPreflights({ answers }: CorsApi): readonly string[] {
  return answers.filter((answer) => !answer.startsWith('OPTIONS'))
}
