import { expect, test } from 'vitest'
import { isTarget, normalizeUrl, readTarget } from '../../src/sender/proof-url.ts'
import { resource as origin } from '../support/kit.ts'
import { describeVectors } from '../support/vectors.ts'

interface UrlCase {
  readonly input: string
  readonly base?: string | null
  readonly href?: string
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : '/'
}

describeVectors('wpt-url', (files) => {
  const cases = (files.json('urltestdata.json') as readonly (string | UrlCase)[]).flatMap((item) =>
    typeof item === 'string' ? [] : [item],
  )
  const urls = [...new Set(cases.flatMap(({ input, base, href }) => [input, base ?? '', href ?? '']))]

  test('HYGIENE: the suite of URLs is complete', () => {
    expect(cases).toHaveLength(891)
    expect(urls.filter((url) => normalizeUrl(url) !== undefined).length).toBeGreaterThan(150)
  })

  test('RFC 3986 §6.2: normalising never throws, and twice is once', () => {
    for (const url of urls) {
      const normal = normalizeUrl(url)
      if (normal !== undefined) expect(normalizeUrl(normal), url).toBe(normal)
    }
  })

  test('RFC 9449 §4.3(9): a normalised URL has the origin of the URL it came from', () => {
    for (const url of urls) {
      const normal = normalizeUrl(url)
      if (normal !== undefined) expect(originOf(normal), url).toBe(originOf(url))
    }
  })

  test('RFC 9449 §4.3(9): two origins never become one', () => {
    const origins = new Map<string, Set<string | undefined>>()
    for (const url of urls) {
      const normal = normalizeUrl(url)
      const authority = normal === undefined ? undefined : /^https?:\/\/[^/]*/.exec(normal)?.[0]
      if (authority === undefined) continue
      origins.set(authority, (origins.get(authority) ?? new Set()).add(originOf(url)))
    }
    expect(origins.size).toBeGreaterThan(50)
    for (const [authority, found] of origins) expect([...found], authority).toHaveLength(1)
  })

  test('RFC 9449 §4.3(9): no URL of another origin is a target of ours', () => {
    for (const url of urls) {
      for (const path of ['/', '/foo/bar', pathOf(url)]) {
        if (isTarget(url, { path, publicUrls: [origin] })) expect(originOf(url), url).toBe(origin)
      }
    }
  })

  test('RFC 9112 §3.2: as a request target no URL leads out of the origin, or to another path than a router sees', () => {
    for (const url of urls) {
      const path = readTarget(url, [origin])?.path
      if (path === undefined) continue
      const seen = new URL(url, origin)
      expect([seen.origin, decodeURI(seen.pathname)], url).toEqual([origin, decodeURI(path)])
    }
  })
})
