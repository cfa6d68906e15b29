import { createVerifier, OptionsError, type VerifierOptions } from 'onbehalf'
import { createTestIssuer } from 'onbehalf/testing'
import { expect, test } from 'vitest'

const resource = 'https://api.example.test'

async function documentWith(metadata: Record<string, unknown>, routes: readonly string[] = []) {
  const issuer = await createTestIssuer({ resource })
  const access = { scopes: ['api'] }
  return createVerifier({ issuer: issuer.options, resource, access, metadata }).metadata?.document(routes)
}

test('RFC 9728 §2: scopes of the options, the baseline and the routes are listed together, each once', async () => {
  const document = await documentWith({ scopes_supported: ['tools:read', 'api'], resource_name: 'Tools' }, ['x'])
  expect(document).toMatchObject({ resource_name: 'Tools', scopes_supported: ['tools:read', 'api', 'x'] })
})

test.each([
  { scopes_supported: 'tools:read' },
  { scopes_supported: [] },
  { resource: 'https://evil.example.test' },
  { dpop_signing_alg_values_supported: ['none'] },
  { resource_name: 1n },
])(
  'RFC 9728 §2: further members that contradict the options, or are no JSON, stop at creation %#',
  async (metadata) => {
    await expect(documentWith(metadata)).rejects.toThrow(OptionsError)
  },
)

test('RFC 9728 §2: over a connection without TLS mutual TLS is offered only where a proxy or a function gives the certificate', () => {
  const offered = (mtls: VerifierOptions['mtls'], isPlain?: boolean) => {
    const options = { issuer: 'https://as.example.test', resource: 'https://api.example.test', mtls }
    const document = createVerifier(options).metadata?.document([], isPlain)
    return [document?.['tls_client_certificate_bound_access_tokens'], document?.['dpop_bound_access_tokens_required']]
  }
  const header = { certificate: { header: 'nginx', trustedProxies: ['unix'] } } as const
  for (const source of [{}, { certificate: 'socket' }] as const) {
    expect(offered(source)).toEqual([true, undefined])
    expect(offered(source, true)).toEqual([undefined, true])
  }
  for (const source of [header, { certificate: () => undefined }]) {
    expect(offered(source, true)).toEqual([true, undefined])
  }
  expect(offered(false)).toEqual([undefined, true])
})
