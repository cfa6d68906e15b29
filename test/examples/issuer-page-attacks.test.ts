import { afterEach, describe, expect, test, vi } from 'vitest'
import { createPerson } from '../../examples/agents/person.ts'
import { Browser } from './issuer-browser.ts'
import { authorization, codeOf } from './issuer-code-flow.ts'
import { send } from './issuer-requests.ts'
import { keyMetadata, passwords, registered, type Setup, setUp } from './issuer-setup.ts'

afterEach(() => void vi.useRealTimers())

async function atSignIn({ issuer }: Setup): Promise<Browser> {
  const browser = new Browser()
  await browser.get(authorization(issuer).url)
  expect(browser.url).toContain('/interaction/')
  return browser
}

async function atConsent(setup: Setup): Promise<Browser> {
  const browser = await atSignIn(setup)
  await browser.post({ login: 'alice', password: passwords.alice })
  expect(browser.url).toContain('/interaction/')
  return browser
}

const allow = { do: 'allow', seconds: '3600' }

const origins: readonly [title: string, status: number, headers: Record<string, string> | undefined][] = [
  ['by the page itself', 303, undefined],
  ['by the page itself, of a browser that hides the origin', 303, { origin: 'null', 'sec-fetch-site': 'same-origin' }],
  ['by another site', 403, { origin: 'https://evil.example.test', 'sec-fetch-site': 'cross-site' }],
  ['by another site that hides its origin', 403, { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['by a neighbour on the same site', 403, { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
  ['without an origin', 403, {}],
]

test.each(origins)('RFC 6749 §10.12: a consent that was posted %s: %i', async (_title, status, headers) => {
  const setup = await setUp()
  const browser = await atConsent(setup)
  expect((await browser.post(allow, headers)).status).toBe(status)
})

test('RFC 6749 §10.12: the page of another person is not shown, and takes no answer', async () => {
  const setup = await setUp()
  const [alice, bob] = [await atConsent(setup), await atConsent(setup)]
  const stolen = alice.url
  expect((await bob.get(stolen)).status).toBe(400)
  expect((await bob.post(allow, undefined, stolen)).status).toBe(400)
  expect((await new Browser().get(stolen)).status).toBe(400)
  expect((await alice.post(allow, undefined, stolen)).status).toBe(303)
})

test('RFC 6749 §10.12: an answer counts once', async () => {
  const setup = await setUp()
  const browser = await atConsent(setup)
  const { url } = browser
  const location = (await browser.post(allow)).headers.get('location')
  expect(new URL(location ?? '').searchParams.get('code')).not.toBeNull()
  expect((await browser.post(allow, undefined, url)).status).toBe(400)
})

test('RFC 6749 §10.12: a consent that is answered with neither choice, or no duration of the page, is a denial', async () => {
  for (const fields of [{}, { do: 'maybe', seconds: '3600' }, { do: 'allow' }, { do: 'allow', seconds: '999999999' }]) {
    const setup = await setUp()
    const browser = await atConsent(setup)
    const location = (await browser.post(fields as Record<string, string>)).headers.get('location')
    expect(new URL(location ?? '').searchParams.get('error')).toBe('access_denied')
  }
})

describe('RFC 6819 §4.4.1.9: no page can be framed, runs script or is kept', () => {
  const pages: readonly [name: string, open: (setup: Setup) => Promise<Response>][] = [
    ['sign-in', async (setup) => new Browser().get((await atSignInUrl(setup)).url)],
    ['the code of a device', (setup) => new Browser().get(`${setup.issuer}/device`)],
    [
      'the code of a device that came with the address',
      ({ issuer }) => new Browser().get(`${issuer}/device?user_code=AAAA`),
    ],
    ['grants', (setup) => new Browser().get(`${setup.issuer}/grants`)],
    ['an interaction that has ended', (setup) => new Browser().get(`${setup.issuer}/interaction/none`)],
    ['an error', (setup) => new Browser().get(`${setup.issuer}/auth?client_id=none`)],
    [
      'consent',
      async (setup) => {
        const browser = await atConsent(setup)
        return browser.get(browser.url)
      },
    ],
  ]
  test.each(pages)('%s', async (_name, open) => {
    const { headers } = await open(await setUp())
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  async function atSignInUrl(setup: Setup): Promise<{ url: string }> {
    return authorization(setup.issuer)
  }
})

test('RFC 6749 §10.14: names of clients and owners stay text on each page', async () => {
  const attack = { client_name: '</strong><script>alert(1)</script>', owner: '<img src=x onerror=alert(1)>' }
  const setup = await setUp()
  const metadata = { ...registered.portal, ...keyMetadata(setup.keyOf('portal')), ...attack, client_id: 'portal' }
  await setup.running.addClient(metadata as never)
  const browser = await atConsent(setup)
  const consent = await (await browser.get(browser.url)).text()
  await browser.post(allow)
  const grants = await (await browser.get(`${setup.issuer}/grants`)).text()
  for (const page of [consent, grants]) {
    expect(page).not.toMatch(/<script|<img/)
    expect(page).toContain('&lt;img')
  }
  const error = await send(setup.issuer, '/auth?client_id=%3Cscript%3Ealert(1)%3C/script%3E', 'GET', undefined, {
    accept: 'text/html',
  })
  expect(String(error.body['page'])).not.toContain('<script')
})

test('RFC 6819 §5.1.4.2.3: after ten wrong passwords the right one is not taken for a quarter of an hour, of this person', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const setup = await setUp()
  const browser = await atSignIn(setup)
  for (let guess = 0; guess < 10; guess++) await browser.post({ login: 'alice', password: `guess ${guess}` })
  const right = { login: 'alice', password: passwords.alice }
  expect(await (await browser.post(right)).text()).toContain('role="alert"')
  await expect(codeOf(setup, {}, createPerson('bob', passwords.bob))).resolves.toMatchObject({
    code: expect.any(String),
  })
  vi.setSystemTime(Date.now() + 15 * 60_000)
  const later = await atSignIn(setup)
  expect(await (await later.post(right)).text()).not.toContain('name="password"')
})

test('RFC 6749 §10.12: a grant is taken back by its person on the page itself', async () => {
  const setup = await setUp()
  const [alice, bob] = [await atConsent(setup), await atSignIn(setup)]
  await alice.post(allow)
  await bob.post({ login: 'bob', password: passwords.bob })
  const page = `${setup.issuer}/grants`
  const grant = /name="grant" value="([^"]*)"/.exec(await (await alice.get(page)).text())?.[1] ?? ''
  expect((await bob.post({ grant }, undefined, page)).status).toBe(403)
  expect((await new Browser().post({ grant }, undefined, page)).status).toBe(401)
  expect((await alice.post({ grant }, { origin: 'https://evil.example.test' }, page)).status).toBe(403)
  expect(await (await alice.get(page)).text()).toContain(grant)
  expect(await (await alice.post({ grant }, undefined, page)).text()).not.toContain(grant)
})

test('RFC 9112 §3.2: a request target that is no URL is a bad request', async () => {
  const setup = await setUp()
  expect((await send(setup.issuer, '//', 'GET', undefined, {})).status).toBe(400)
})

test('Examples: who signs out at the page of grants has to sign in again, and what was allowed stays', async () => {
  const setup = await setUp()
  await setup.tokenOfAlice()
  const browser = new Browser()
  const grants = `${setup.issuer}/grants`
  await browser.get(grants)
  await browser.post({ login: 'alice', password: passwords.alice })
  const cookies = browser.cookies()
  expect((await browser.post({ do: 'sign-out' }, { origin: 'https://evil.example.test' })).status).toBe(403)
  expect((await browser.get(grants)).status).toBe(200)
  expect((await browser.post({ do: 'sign-out' })).status).toBe(401)
  // Nor does the cookie of before open it, for one who has kept it.
  expect((await fetch(grants, { headers: { cookie: cookies } })).status).toBe(401)
  await browser.post({ login: 'alice', password: passwords.alice })
  expect(await (await browser.get(grants)).text()).toContain('Take back from Travel agent')
})
