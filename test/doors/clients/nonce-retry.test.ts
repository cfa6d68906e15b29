import { describe, expect, onTestFinished, test } from 'vitest'
import { openApi, reachable } from './api.ts'
import { current, deployed } from './nonce-clients.ts'

const routes = [{ path: '/tools', requirement: { scopes: ['tools:read'] } }]

describe.each(reachable)('a nonce that is due, at $name', (door) => {
  test.each([...deployed, ...current])('RFC 9449 §9: $name retries with it and is let in', async ({ call }) => {
    // Some clients remember nonces for the whole process: with a new secret the first try is refused all the same.
    const api = await openApi(door, routes, { dpop: { nonce: { secret: crypto.randomUUID() } } })
    onTestFinished(() => api.close())
    expect(await call(api)).toBe(200)
  })
})
