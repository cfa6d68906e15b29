import { createTestCertificate, createTestIssuer } from 'onbehalf/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../support/servers.ts'
import { type Ran, runCli } from '../unit/cli/run.ts'
import { startProvider } from './oidc-setup.ts'

/** What `--json` prints. */
interface Report {
  readonly documents: readonly { readonly url: string; readonly notUsed: string | null }[]
  readonly namedIssuer: string | null
  readonly keys: readonly {
    readonly kid: string | null
    readonly usedFor: string | null
    readonly passedOver: string | null
  }[]
  readonly findings: readonly { readonly kind: string; readonly option: string | null; readonly text: string }[]
  readonly options: Readonly<Record<string, unknown>> | null
}

const doctor = (issuer: string, ...more: string[]): Promise<Ran> =>
  runCli(['doctor', issuer, ...more], { fetch: globalThis.fetch })

async function examine(issuer: string): Promise<Report & { readonly code: number }> {
  const { code, out, err } = await doctor(issuer, '--json')
  expect(err).toBe('')
  return { ...(JSON.parse(out) as Report), code }
}

const problems = ({ findings }: Report) => findings.flatMap(({ kind, option }) => (kind === 'problem' ? [option] : []))

describe('oidc-provider', () => {
  test('CLI: doctor finds its keys, DPoP, certificates and introspection, and nothing wrong', async () => {
    const provider = await startProvider(await createTestCertificate({ commonName: '127.0.0.1', hosts: ['127.0.0.1'] }))
    onTestFinished(provider.close)
    const report = await examine(provider.issuer)
    expect(report).toMatchObject({ code: 0, options: { issuer: provider.issuer } })
    expect(report.documents.at(-1)).toEqual({
      url: `${provider.issuer}/.well-known/oauth-authorization-server`,
      notUsed: null,
    })
    expect(report.keys.some(({ usedFor }) => usedFor !== null)).toBe(true)
    expect(report.findings.filter(({ kind }) => kind === 'good')).toHaveLength(3)
    expect(report.findings.map(({ option }) => option)).toContain('issuer.introspection')
    const shown = await doctor(provider.issuer)
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toContain(provider.issuer)
  }, 60_000)
})

describe('the issuer of the test kit, published on loopback', () => {
  /** Serves these documents beside its keys. */
  async function publish(metadata: (issuer: string) => object, keys: readonly unknown[] = []): Promise<string> {
    const kit = await createTestIssuer({ resource: 'https://api.example.test' })
    let issuer = ''
    const port = await listen((request, response) => {
      const documents: Readonly<Record<string, unknown>> = {
        '/.well-known/oauth-authorization-server': { issuer, jwks_uri: `${issuer}/keys`, ...metadata(issuer) },
        '/keys': { keys: [...kit.jwks.keys, ...keys] },
      }
      const document = documents[request.url ?? '']
      response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document))
    })
    issuer = `http://127.0.0.1:${port}`
    return issuer
  }
  const bindsAll = {
    dpop_signing_alg_values_supported: ['RS256', 'ES256'],
    tls_client_certificate_bound_access_tokens: true,
  }

  test('CLI: doctor says which keys are passed over and why', async () => {
    const passedOver = [
      { kty: 'oct', k: 'AA', kid: 'shared' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'broken' },
      { kty: 'RSA', use: 'enc', n: 'AA', e: 'AQAB', kid: 'for encryption' },
      'no key',
    ]
    const report = await examine(await publish(() => bindsAll, passedOver))
    expect(report.code).toBe(0)
    expect(report.keys.map(({ kid, usedFor, passedOver }) => [kid, usedFor ?? passedOver])).toEqual([
      [expect.any(String), 'ES256'],
      ['shared', 'private or symmetric'],
      ['broken', 'type, curve or size is not accepted'],
      ['for encryption', 'use is not sig'],
      [null, 'not an object'],
    ])
  })

  test('CLI: doctor ends with 1 where tokens are not bound, and names the option', async () => {
    const report = await examine(await publish(() => ({})))
    expect(report.code).toBe(1)
    expect(problems(report)).toEqual(['issuer.dangerously.allowUnbound'])
  })

  test('CLI: doctor ends with 1 where proofs need an algorithm that is not on by default', async () => {
    const report = await examine(await publish(() => ({ dpop_signing_alg_values_supported: ['RS256'] })))
    expect(report.code).toBe(1)
    expect(problems(report)).toEqual(['dpop.algorithms'])
  })

  test('CLI: doctor finds that the issuer spells itself otherwise', async () => {
    const issuer = await publish((own) => ({ issuer: `${own}/` }))
    const report = await examine(issuer)
    expect(report).toMatchObject({ code: 1, namedIssuer: `${issuer}/`, keys: [], options: null })
    expect(problems(report)).toEqual(['issuer'])
    expect((await doctor(issuer)).out).not.toContain(JSON.stringify({ issuer }))
  })

  test('CLI: doctor ends with 1 where there is no metadata, or no keys', async () => {
    expect(
      problems(
        await examine(`http://127.0.0.1:${await listen((_request, response) => response.writeHead(404).end())}`),
      ),
    ).toEqual(['issuer.jwksUri'])
    expect((await examine(await publish((own) => ({ ...bindsAll, jwks_uri: `${own}/none` })))).code).toBe(1)
  })

  test('CLI: what a hostile issuer publishes is escaped', async () => {
    const kid = '\u001b[2J\u202e\u009b31m'
    const issuer = await publish(() => bindsAll, [{ kty: '\u001b]0;x\u0007', crv: '\u2066', kid }])
    for (const args of [[], ['--json']]) {
      const { code, out } = await doctor(issuer, ...args)
      expect(code).toBe(0)
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    }
  })
})

test.each([
  ['https://acme.eu.auth0.com/', 'auth0'],
  ['https://acme.okta.com/oauth2/default', 'okta'],
  ['https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0', 'entra'],
  ['https://id.example.com/realms/agents', 'keycloak'],
  ['https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc', 'cognito'],
  ['https://auth0.com.example.com', undefined],
])('CLI: doctor knows the product of %s by its URL', async (issuer, dialect) => {
  const { out } = await runCli(['doctor', issuer, '--json'])
  expect((JSON.parse(out) as Report).options?.['dialect']).toBe(dialect)
})
