import { describe, expect, test } from 'vitest'
import { createHome, held, judge, keysUri, metadataUri, openidUri } from '../../support/key-home.ts'

describe('who is asked', () => {
  test('RFC 8414 §3: OpenID Connect is asked only where the first document does not serve', async () => {
    const { network, open, issuer, token } = await createHome()
    expect(await judge(open(), await token())).toBe(held)
    expect(network.asked.splice(0)).toEqual([metadataUri, keysUri])
    network.serve(metadataUri, () => ({
      issuer: 'https://other.example.test',
      jwks_uri: 'https://other.example.test/keys',
    }))
    network.serve(openidUri, () => ({ issuer: issuer.issuer, jwks_uri: keysUri }))
    expect(await judge(open(), await token())).toBe(held)
    expect(network.asked).toEqual([metadataUri, openidUri, keysUri])
  })

  test('Discovery: nothing is fetched where jwksUri or jwks is given', async () => {
    const { network, open, issuer, token } = await createHome()
    expect(await judge(open({ jwksUri: keysUri }), await token())).toBe(held)
    expect(network.asked.splice(0)).toEqual([keysUri])
    const offline = open({ jwks: issuer.jwks })
    await offline.ready()
    expect(await judge(offline, await token())).toBe(held)
    expect(network.asked).toEqual([])
    expect([open(), open({ jwksUri: keysUri }), offline].map((one) => one.describe().issuers[0]?.keys)).toEqual([
      'discovery',
      'jwksUri',
      'static',
    ])
  })

  // RFC 6761 §6.3: the names under localhost are loopback, and so is a name written with its final dot.
  test.each([
    'https://localhost./keys',
    'https://keys.localhost/keys',
    'https://LOCALHOST/keys',
    'https://127.0.0.1./keys',
  ])('P30: metadata of a public issuer cannot send us to %s', async (uri) => {
    const { network, verifier, issuer, token } = await createHome()
    network.serve(metadataUri, () => ({ issuer: issuer.issuer, jwks_uri: uri }))
    network.serve(uri, () => issuer.jwks)
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
    expect(network.asked).toEqual([metadataUri, openidUri])
  })
})

describe('keys that move', () => {
  test('P31: a new jwks_uri is followed at the next refresh, the old one is left alone', async () => {
    const { clock, network, verifier, issuer, token } = await createHome()
    expect(await judge(verifier, await token())).toBe(held)
    const moved = 'https://keys.example.test/v2'
    network.serve(metadataUri, () => ({ issuer: issuer.issuer, jwks_uri: moved }))
    network.serve(keysUri, () => new Response('gone', { status: 410 }))
    network.serve(moved, () => issuer.jwks)
    await issuer.rotateKey()
    clock.advance(31)
    expect(await judge(verifier, await token())).toBe(held)
    expect(network.count(moved)).toBe(1)
    expect(network.count(keysUri)).toBe(1)
  })

  test('P31: an issuer that later calls itself something else is not believed, and its known keys go on', async () => {
    const { clock, network, verifier, issuer, token } = await createHome()
    expect(await judge(verifier, await token())).toBe(held)
    network.serve(metadataUri, () => ({
      issuer: 'https://evil.example.test',
      jwks_uri: 'https://evil.example.test/keys',
    }))
    const old = await token()
    clock.advance(40)
    await issuer.rotateKey()
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
    expect(await judge(verifier, old)).toBe(held)
    expect(network.asked).not.toContain('https://evil.example.test/keys')
  })
})
