import { beforeAll, expect, test } from 'vitest'
import { createForwardedKit, type ForwardedKit, pemOf } from '../../support/forwarded.ts'
import { refusalIn } from '../../support/kit.ts'

/** What the operator is told of a request that comes from somebody else than the proxy. */

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
  expect(Object.keys(await factsOf(headers()))).toContain('cause')
  expect(Object.keys(await factsOf({}))).not.toContain('cause')
})
