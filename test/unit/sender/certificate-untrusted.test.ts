import { beforeAll, expect, test } from 'vitest'
import { base64Of, createForwardedKit, type ForwardedKit, pemOf } from '../../support/forwarded.ts'
import { refusalIn } from '../../support/kit.ts'

/** What the operator is told of a field that does not count, or that no proxy sends. */

let forwarded: ForwardedKit
beforeAll(async () => {
  forwarded = await createForwardedKit()
})

const headers = () => ({ 'ssl-client-cert': encodeURIComponent(pemOf(forwarded.own)) })

async function factsOf(fields: Record<string, string>): Promise<object> {
  const verifier = forwarded.verifierFor({ header: 'nginx', trustedProxies: ['192.0.2.1'] })
  const { code, facts } = refusalIn(await forwarded.check(verifier, { headers: fields }))
  expect(code).toBe('certificate_missing')
  return facts
}

test('MTLS-07: a field that does not count is told as the cause, and its absence is not', async () => {
  expect(await factsOf(headers())).toEqual({ cause: expect.stringMatching(/./) })
  expect(await factsOf({})).toEqual({})
})

test('MTLS-09: every fault of a field has a cause of its own', async () => {
  const { check, own, verifier } = forwarded
  const value = `:${base64Of(own)}:`
  const faults: Record<string, string | string[]>[] = [
    { client_cert: value },
    { 'client-cert': [value, value] },
    { 'client-cert-chain': value },
    { 'client-cert': value.padEnd(65_537, value) },
    { 'client-cert': base64Of(own) },
  ]
  const causes: string[] = []
  for (const headers of faults) {
    const { code, facts } = refusalIn(await check(verifier('client-cert'), { headers }))
    expect(code).toBe('request_malformed')
    causes.push(String(facts['cause']))
  }
  // All begin alike, so that an empty one would be the beginning of every other.
  for (const cause of causes) expect(causes.filter((other) => other.startsWith(cause))).toEqual([cause])
})
