import { describe, expect, test } from 'vitest'
import { isTarget, readTarget } from '../../../src/sender/proof-url.ts'

/** Most clients write the URL as it is: what is compared byte for byte is as strict as what is normalized first. */

const publicUrls = ['https://api.example.test', 'https://internal.example.test/v1']

function isMeant(htu: string, target: string): boolean {
  const read = readTarget(target, publicUrls)
  return read !== undefined && isTarget(htu, read)
}

describe('htu and target', () => {
  test.each([
    ['the path behind another one', 'https://api.example.test/x/tools'],
    ['the path twice', 'https://api.example.test/tools/tools'],
    ['the path in the host', 'https://api.example.test.evil.test/tools'],
    ['another host of the same length', 'https://api.example.tess/tools'],
    ['another scheme of the same length', 'httpx://api.example.test/tools'],
    ['another path of the same length', 'https://api.example.test/toolx'],
    ['a longer path', 'https://api.example.test/tools2'],
    ['a shorter path', 'https://api.example.test/tool'],
    ['the other public URL without its path', 'https://internal.example.test/tools'],
    ['the public URL alone', 'https://api.example.test'],
    ['the path alone', '/tools'],
    ['nothing', ''],
  ])('DPOP-11: %s is not the target', (_name, htu) => {
    expect(isMeant(htu, '/tools')).toBe(false)
  })

  test.each(['https://api.example.test/tools', 'https://internal.example.test/v1/tools'])(
    'DPOP-11: %s is the target',
    (htu) => {
      for (const target of ['/tools', '/tools?a=/b', '/tools#c', '/tools?d#e']) expect(isMeant(htu, target)).toBe(true)
    },
  )
})

describe('characters that no URL of RFC 3986 has', () => {
  test.each(['/a"b', '/<a>', '/a^b', '/a`b', '/%zz', '/a%', '/ä'])(
    'DPOP-11: %s is the target where both sides have it, octet for octet',
    (path) => {
      for (const url of publicUrls) {
        expect(isMeant(url + path, path)).toBe(true)
        expect(isMeant(url + path.toUpperCase(), path.toLowerCase())).toBe(path.toUpperCase() === path.toLowerCase())
        expect(isMeant(url.toUpperCase() + path, path)).toBe(false)
        expect(isMeant(`${url}/.${path}`, path)).toBe(false)
      }
    },
  )
})

test.each([
  'https://API.example.test/tools',
  'https://api.example.test:443/t%6fols',
  'https://internal.example.test:443/v1/tools',
  'https://internal.example.test/v1/x/../tools',
])('DPOP-11: %s is the target under one of two public URLs', (htu) => {
  expect(isMeant(htu, '/tools')).toBe(true)
  expect(isMeant(htu, '/tool')).toBe(false)
})

describe('what a target is read as', () => {
  test.each([
    ['/tools?a=\\..//', '/tools'],
    ['https://api.example.test', '/'],
    ['https://API.example.test:443?x', '/'],
    ['https://api.example.test/tools#x', '/tools'],
  ])('RFC 9112 §3.2: the path of %s', (target, path) => {
    expect(readTarget(target, publicUrls)?.path).toBe(path)
  })

  test('RFC 9112 §3.2.2: an absolute form leaves the public URLs of its origin', () => {
    expect(readTarget('https://internal.example.test/v1/tools', publicUrls)?.publicUrls).toEqual([publicUrls[1]])
    expect(readTarget('/tools', publicUrls)?.publicUrls).toEqual(publicUrls)
    expect(readTarget('https://api.example.test.evil.test/tools', publicUrls)).toBeUndefined()
    expect(readTarget('https://api.example/tools', publicUrls)).toBeUndefined()
    expect(readTarget('https://api.example.test@evil.test/tools', publicUrls)).toBeUndefined()
  })
})
