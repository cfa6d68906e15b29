import { beforeAll, describe, expect, test } from 'vitest'
import { normalizeUrl } from '../../../src/sender/proof-url.ts'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

/** A proof with this htu for a request to this target. */
const codeOf = (htu: string, target: string, verifier = kit.verifier) =>
  kit.code({ verifier, target, proof: { claims: { htu } } })

describe('syntax-based normalization (RFC 3986 §6.2.2)', () => {
  test.each([
    ['HTTPS://API.EXAMPLE.TEST/tools', '/tools'],
    ['https://api.example.test/%7Euser', '/~user'],
    ['https://api.example.test/~user', '/%7euser'],
    ['https://api.example.test/a%2fb', '/a%2Fb'],
    ['https://api.example.test/%41%2d%2E%5f', '/A-._'],
    ['https://api.example.test/x/../tools', '/tools'],
    ['https://api.example.test/./x/../tools', '/tools'],
    ['https://api.example.test/x/%2e%2e/tools', '/tools'],
    ['https://api.example.test/../tools', '/tools'],
    ['https://api.example.test/tools/.', '/tools/'],
    ['https://api.example.test/tools/x/..', '/tools/'],
    ['https://api.example.test/%c3%a4', '/%C3%A4'],
  ])('DPOP-11: %s is %s', async (htu, target) => {
    expect(await codeOf(htu, target)).toBe('admitted')
  })

  test.each([
    ['https://api.example.test/a%2Fb', '/a/b'],
    ['https://api.example.test/a/b', '/a%2Fb'],
    ['https://api.example.test/%2Ftools', '/tools'],
    ['https://api.example.test/tools%3Fa', '/tools?a'],
    ['https://api.example.test/a%252Fb', '/a%2Fb'],
    ['https://api.example.test/a%zz', '/a%ZZ'],
    ['https://api.example.test/%61%2', '/a%2'],
    ['https://api.example.test/a//b', '/a/b'],
    ['https://api.example.test/TOOLS', '/tools'],
    ['https://api.example.test/ä', '/%C3%A4'],
  ])('DPOP-11: %s is not %s', async (htu, target) => {
    expect(await codeOf(htu, target)).toBe('proof_target')
  })
})

describe('scheme-based normalization (RFC 3986 §6.2.3)', () => {
  test.each([
    ['https://api.example.test', '/'],
    ['https://api.example.test/', '/'],
    ['https://api.example.test?a', '/'],
    ['https://api.example.test:443/tools', '/tools'],
    ['https://api.example.test:/tools', '/tools'],
    ['https://api.example.test:0443/tools', '/tools'],
  ])('DPOP-12: %s is %s', async (htu, target) => {
    expect(await codeOf(htu, target)).toBe('admitted')
  })

  test.each([
    ['https://api.example.test:80/tools', '/tools'],
    ['http://api.example.test:443/tools', '/tools'],
    ['https://api.example.test/tools/', '/tools'],
    ['https://api.example.test/tools', '/tools/'],
    ['https://api.example.test//', '/'],
    ['https://api.example.test:65979/tools', '/tools'],
    ['https://api.example.test:443:443/tools', '/tools'],
  ])('DPOP-12: %s is not %s', async (htu, target) => {
    expect(await codeOf(htu, target)).toBe('proof_target')
  })

  test.each([
    ['HTTP://Example.COM:80', 'http://example.com/'],
    ['http://[::1]:8080/a', 'http://[::1]:8080/a'],
    ['http://[2001:DB8::1]/', 'http://[2001:db8::1]/'],
    ['http://[2001:0db8:0:0:0:0:0:0001]:80/', 'http://[2001:db8::1]/'],
    ['http://[::ffff:192.0.2.1]/', 'http://[::ffff:c000:201]/'],
    ['http://[2001:db8::1::2]/', undefined],
    ['http://[12345::]/', undefined],
    ['http://[::1.2.3]/', undefined],
    ['http://127.1/', 'http://127.1/'],
    ['http://2130706433/', 'http://2130706433/'],
    ['https://example.com/%c3%a4%2f', 'https://example.com/%C3%A4%2F'],
    ['https://example.com/a/./b/../c', 'https://example.com/a/c'],
    ['https://example.com:08080/', 'https://example.com:8080/'],
    ['https://exa mple.com/', undefined],
    ['https://ex%61mple.com/', undefined],
    ['https://[::1/', undefined],
    ['https://example.com:a/', undefined],
    ['https://example.com/"', undefined],
    ['https://example.com/\u0000', undefined],
    ['wss://example.com/', undefined],
    ['', undefined],
  ])('DPOP-12: %j normalizes to %j', (url, normal) => {
    expect(normalizeUrl(url)).toBe(normal)
  })
})

describe('request targets that router and proof might read differently', () => {
  test.each([
    ['*', 'https://api.example.test/*'],
    ['//tools', 'https://api.example.test//tools'],
    ['//evil.test/tools', 'https://evil.test/tools'],
    ['/a\\b', 'https://api.example.test/a\\b'],
    ['/a/../tools', 'https://api.example.test/tools'],
    ['/./tools', 'https://api.example.test/tools'],
    ['/a/%2e%2E/tools', 'https://api.example.test/tools'],
    ['/a/.%2e/tools', 'https://api.example.test/tools'],
    ['/tools/..', 'https://api.example.test/'],
    ['/tools\u0000', 'https://api.example.test/tools'],
    ['/tools\t', 'https://api.example.test/tools'],
    ['/to ols', 'https://api.example.test/to ols'],
    ['tools', 'https://api.example.test/tools'],
    ['', 'https://api.example.test/'],
    ['api.example.test:443', 'https://api.example.test/'],
    ['https://evil.test/tools', 'https://evil.test/tools'],
    ['https://evil.test/tools', 'https://api.example.test/tools'],
    ['http://api.example.test/tools', 'https://api.example.test/tools'],
    ['https://api.example.test:8443/tools', 'https://api.example.test/tools'],
    ['https://api.example.test/a/../tools', 'https://api.example.test/tools'],
    ['https://api.example.test//tools', 'https://api.example.test//tools'],
    ['https://user@api.example.test/tools', 'https://api.example.test/tools'],
  ])('RFC 9112 §3.2: target %j is refused for htu %s', async (target, htu) => {
    expect(await codeOf(htu, target)).toBe('proof_target')
  })

  test.each([
    ['https://api.example.test/tools', 'https://api.example.test/tools'],
    ['HTTPS://API.example.test:443/tools?x', 'https://api.example.test/tools'],
    ['https://api.example.test', 'https://api.example.test/'],
    ['https://api.example.test/', 'https://api.example.test/'],
    ['https://api.example.test/tools/', 'https://api.example.test/tools/'],
    ['/.well-known/x', 'https://api.example.test/.well-known/x'],
    ['/...', 'https://api.example.test/...'],
    ['/a..b', 'https://api.example.test/a..b'],
    ['/a//b', 'https://api.example.test/a//b'],
  ])('RFC 9112 §3.2: target %j is understood', async (target, htu) => {
    expect(await codeOf(htu, target)).toBe('admitted')
  })
})

test.each([
  ['https://[2001:db8::1]'],
  ['https://[2001:0DB8:0000:0000:0000:0000:0000:0001]'],
  ['https://[2001:db8:0:0::0:1]:443/'],
])('DPOP-11: a publicUrl may spell its IPv6 address like %s', async (publicUrl) => {
  const verifier = kit.verifierWith({ publicUrl })
  const accepted = ['https://[2001:db8::1]/tools', 'https://[2001:DB8:0:0:0:0:0:1]/tools']
  const other = 'https://[2001:db8::2]/tools'
  for (const htu of accepted) {
    for (const target of ['/tools', ...accepted]) expect(await codeOf(htu, target, verifier)).toBe('admitted')
    expect(await codeOf(htu, other, verifier)).toBe('proof_target')
  }
  expect(await codeOf(other, '/tools', verifier)).toBe('proof_target')
})
