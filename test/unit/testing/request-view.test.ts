import { describe, expect, test } from 'vitest'
import { requestView } from '../../../src/testing/index.ts'

describe('request view', () => {
  test('kit: GET / without fields or peer is the least request', () => {
    const view = requestView({})
    expect(view).toEqual({ method: 'GET', target: '/', header: expect.any(Function) })
    expect(view.header('authorization')).toEqual([])
  })

  test.each([
    ['https://api.example.test/a/b?x=1&y=%2f', '/a/b?x=1&y=%2f'],
    ['https://api.example.test/a#part', '/a'],
    ['https://api.example.test', '/'],
    ['https://api.example.test?x=1', '/?x=1'],
    ['HTTPS://api.example.test:443/a/../b//c\\d', '/a/../b//c\\d'],
  ])('RFC 9112 §3.2.1: the target of %s is its path and query as written', (url, target) => {
    expect(requestView({ url }).target).toBe(target)
  })

  test('kit: a raw target wins over the url', () => {
    const view = requestView({ method: 'options', url: 'https://api.example.test/a', target: '*' })
    expect([view.method, view.target]).toEqual(['options', '*'])
  })

  test('kit: a relative url is a mistake of the test', () => {
    expect(() => requestView({ url: '/a' })).toThrow(TypeError)
  })

  test('RFC 9110 §5.1: field names have no case, lines are never joined, pseudo-headers are none', () => {
    const view = requestView({ headers: { DPoP: ['a', 'b'], dpop: 'c', ':path': '/' } })
    expect(view.header('dPoP')).toEqual(['a', 'b', 'c'])
    expect(view.header(':path')).toEqual([])
    expect(view.header('constructor')).toEqual([])
  })

  test('kit: the peer has the address and the certificate given', () => {
    const certificate = Uint8Array.of(1, 2)
    const { peer } = requestView({ certificate, address: '192.0.2.1' })
    expect(peer?.address).toBe('192.0.2.1')
    expect(peer?.certificate?.()).toBe(certificate)
    expect(requestView({ address: '192.0.2.1' }).peer?.certificate?.()).toBeUndefined()
  })
})
