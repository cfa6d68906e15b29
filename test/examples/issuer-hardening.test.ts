import { describe, expect, onTestFinished, test } from 'vitest'
import { createGuessLimit } from '../../examples/issuer/guess-limit.ts'
import { startIssuer } from '../../examples/issuer/server.ts'
import { Browser } from './issuer-browser.ts'
import { authorization } from './issuer-code-flow.ts'
import { passwords, setUp } from './issuer-setup.ts'

/** oidc-provider finds a page in any case of letters, and with a slash at the end. */
const spellings = ['/device', '/DEVICE', '/Device/', '/device/', '/%64evice']

describe('the page for codes in another spelling', () => {
  test.each(spellings)(
    'RFC 8628 §5.1: guesses at %s count like all others, and its page may not be framed',
    async (path) => {
      const { issuer } = await setUp()
      const browser = new Browser()
      const statuses: number[] = []
      for (let guess = 0; guess < 12; guess++) {
        const page = await browser.get(`${issuer}/device`)
        const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(await page.text()) ?? []
        const answer = await browser.post({ xsrf, user_code: 'AAAA-AAAA' }, undefined, `${issuer}${path}`)
        statuses.push(answer.status)
        if (answer.status !== 404)
          expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      }
      // A spelling that is no page at all is as good.
      expect([429, 404]).toContain(statuses.at(-1))
      expect(statuses.filter((status) => status !== 429 && status !== 404).length).toBeLessThanOrEqual(10)
    },
  )
})

test('RFC 8414 §2: a name of the issuer that is not https is refused, whatever it names', async () => {
  for (const issuer of ['http://as.example.test', 'ftp://as.example.test', 'ws://as.example.test']) {
    const started = startIssuer({ issuer, resources: [], people: [] })
    onTestFinished(async () => void (await started.catch(() => undefined))?.close())
    await expect(started).rejects.toThrow()
  }
})

test('RFC 7009 §2.1: a consent that is given after the agent was revoked makes no grant', async () => {
  const { issuer, running } = await setUp()
  const browser = new Browser()
  await browser.get(authorization(issuer).url)
  await browser.post({ login: 'alice', password: passwords.alice })
  const page = browser.url
  await running.revokeAgent('portal')
  expect((await browser.post({ do: 'allow', seconds: '3600' })).status).toBe(400)
  expect(page).toContain('/interaction/')
  expect(await (await browser.get(`${issuer}/grants`)).text()).toContain('no agent acts for you')
})

describe('one who guesses device codes with many addresses', () => {
  const rows: readonly [title: string, isBlocked: boolean, guessed: (nth: number) => string, asks: string][] = [
    ['of one network', true, (nth) => `2001:db8:0:1::${nth}`, '2001:DB8:0:1:ffff:ffff:ffff:ffff'],
    ['of one network without zeros', true, (nth) => `2001:db8:1:2:3:4:5:${nth}`, '2001:db8:1:2::'],
    ['of another network', false, (nth) => `2001:db8:0:1::${nth}`, '2001:db8:0:2::1'],
    ['of one network of zeros', true, (nth) => `2001::${nth}`, '2001:0:0:0:ffff::'],
    ['of another network in another place', false, (nth) => `2001:db8::${nth}`, '2001:0:db8::1'],
    ['of IPv4', false, (nth) => `203.0.113.${nth}`, '203.0.113.1'],
    ['of IPv4 in IPv6', false, (nth) => `::ffff:203.0.113.${nth}`, '::ffff:203.0.113.1'],
    ['with a zone', false, (nth) => `fe80::${nth}%eth0`, 'fe80::1%eth0'],
    ['that are names', false, (nth) => `peer-${nth}`, 'peer-1'],
  ]
  test.each(rows)('RFC 8628 §5.1: %s: blocked is %s', (_title, isBlocked, guessed, asks) => {
    const limit = createGuessLimit(() => 0)
    for (let nth = 0; nth < 10; nth++) limit.note(guessed(nth))
    expect(limit.isBlocked(asks)).toBe(isBlocked)
    // Each address by itself is blocked, of course.
    for (let nth = 0; nth < 10; nth++) limit.note(asks)
    expect(limit.isBlocked(asks)).toBe(true)
  })
})

test('Examples: a consent page that was left open makes no grant after its person has signed out', async () => {
  const { issuer } = await setUp()
  const browser = new Browser()
  await browser.get(authorization(issuer).url)
  await browser.post({ login: 'alice', password: passwords.alice })
  const page = browser.url
  expect(page).toContain('/interaction/')
  await browser.get(`${issuer}/grants`)
  expect((await browser.post({ do: 'sign-out' })).status).toBe(401)
  expect((await browser.post({ do: 'allow', seconds: '3600' }, undefined, page)).status).toBe(400)
  await browser.get(`${issuer}/grants`)
  await browser.post({ login: 'alice', password: passwords.alice })
  expect(await (await browser.get(`${issuer}/grants`)).text()).toContain('no agent acts for you')
})
