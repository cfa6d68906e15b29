import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { createVerifier, type Refusal, type RefusalCode, refusals, type VerifierOptions } from '../../src/index.ts'
import { requestView } from '../../src/testing/index.ts'
import { fakeCertificate } from '../support/bytes.ts'
import { parseChallenges } from '../support/challenges.ts'
import { createApi } from '../support/express.ts'
import { resource, url } from '../support/kit.ts'
import { listen } from '../support/servers.ts'
import { coldAndWarm, createStage, type Stage } from './stage.ts'

const metadataUrl = `${resource}/.well-known/oauth-protected-resource`
const codes = Object.keys(refusals) as RefusalCode[]
const own = fakeCertificate('travel-7')

function challengesIn(refusal: Refusal) {
  const fields = refusal.headers.filter(([name]) => name === 'WWW-Authenticate')
  expect(fields.length).toBeLessThan(2)
  return fields.flatMap(([, value]) => parseChallenges(value))
}

describe('statuses', () => {
  const bound = (stage: Stage) => ({ claims: { cnf: { jkt: stage.agent.jkt, 'x5t#S256': own.thumbprint } } })
  const rows: readonly [name: string, RefusalCode, number, (stage: Stage) => Promise<Refusal>][] = [
    ['no proof', 'proof_missing', 401, (stage) => stage.refusal({ proof: null })],
    ['bad proof', 'proof_malformed', 401, (stage) => stage.refusal({ proof: 'x' })],
    ['two proofs', 'proof_malformed', 401, (stage) => stage.refusal({ proof: ['x', 'x'] })],
    ['old proof', 'proof_expired', 401, (stage) => stage.refusal({ proof: { claims: { iat: 1 } } })],
    ['no certificate', 'certificate_missing', 401, (stage) => stage.refusal({ token: bound(stage) })],
    ['unbound token', 'binding_missing', 401, (stage) => stage.refusal({ token: { bind: 'none' } })],
    ['no token', 'credentials_missing', 401, (stage) => stage.refusal({ token: 'x', headers: { authorization: [] } })],
    ['another scheme', 'credentials_missing', 401, (stage) => stage.refusal({ token: 'x', scheme: 'Basic' })],
    [
      'two fields',
      'request_malformed',
      400,
      (stage) => stage.refusal({ token: 'x', headers: { authorization: ['DPoP x', 'DPoP x'] } }),
    ],
    ['no JWT', 'token_malformed', 401, (stage) => stage.refusal({ token: 'x' })],
  ]
  for (const [name, code, status, attack] of rows) {
    coldAndWarm(`P5: ${name} is ${status} ${code}, with the error on the scheme used`, async (stage) => {
      await stage.warmUp({})
      const refusal = await attack(stage)
      expect([refusal.code, refusal.status]).toEqual([code, status])
      const challenges = challengesIn(refusal)
      const isOfDpop = status === 401 && code !== 'credentials_missing'
      expect(challenges.map(({ scheme }) => scheme)).toEqual(isOfDpop ? ['DPoP'] : ['Bearer', 'DPoP'])
      for (const { parameters } of challenges) expect(parameters.get('error') ?? null).toBe(refusal.error)
    })
  }

  coldAndWarm(
    'P§1.28: absent credentials are no invalid token',
    async (stage) => {
      await stage.warmUp({})
      const refusal = await stage.refusal({ token: 'x', headers: { authorization: [], dpop: [] } })
      for (const { parameters } of challengesIn(refusal)) {
        expect(parameters.has('error')).toBe(false)
        expect(parameters.get('resource_metadata')).toBe(metadataUrl)
      }
      expect(refusal.body).not.toHaveProperty('error')
    },
    { metadata: true },
  )

  coldAndWarm(
    'P39: expired and without scope is expired',
    async (stage) => {
      const token = await stage.token({ scopes: [] })
      await stage.warmUp({ token: { scopes: ['read'] } })
      stage.issuer.clock.advance(306)
      expect((await stage.refusal({ token })).code).toBe('token_expired')
    },
    { access: { scopes: ['read'] } },
  )

  coldAndWarm('P§1.38: a missing scope is answered with all that the route needs', async (stage) => {
    const token = await stage.token({ scopes: ['read'] })
    const context = await stage.verifier.verify(await stage.request({ token }))
    if (stage.start === 'warm') await stage.verifier.verify(await stage.request({ token }))
    const decision = await stage.verifier.authorize(context, { scopes: ['read', 'write'], anyScope: ['a', 'b'] })
    if (decision.ok) throw new Error('allowed')
    for (const { parameters } of challengesIn(decision.refusal)) expect(parameters.get('scope')).toBe('read write a')
  })
})

describe('on the wire', () => {
  const settings: Record<string, Partial<VerifierOptions>> = {
    both: {},
    'DPoP alone': { mtls: false },
    'certificates alone': { dpop: false },
    'without metadata': { metadata: false },
  }
  for (const [name, options] of Object.entries(settings)) {
    coldAndWarm(`P40: a client reads every challenge with its parameters: ${name}`, async (stage) => {
      await stage.warmUp({})
      const { issuer } = stage
      const verifier = createVerifier({
        issuer: issuer.options,
        resource,
        clock: issuer.clock,
        access: { scopes: ['a', 'b'] },
        ...options,
      })
      const port = await listen(createApi(verifier))
      const response = await fetch(`http://127.0.0.1:${port}/tools`)
      const parsed = parseChallenges(response.headers.get('www-authenticate') ?? '')
      const { schemes } = verifier.describe()
      expect(parsed.map(({ scheme }) => scheme)).toEqual(schemes)
      for (const { scheme, parameters } of parsed) {
        expect(parameters.get('scope')).toBe('a b')
        expect(parameters.get('resource_metadata')).toBe(options.metadata === false ? undefined : metadataUrl)
        expect(parameters.get('algs')).toBe(scheme === 'DPoP' ? defaultAlgorithms.join(' ') : undefined)
      }
    })
  }

  test('P§1.26: a browser may read the challenge, beside what cors() exposed', async () => {
    const { verifier } = await createStage('cold')
    const response = await request(createApi(verifier)).get('/tools')
    const exposed = String(response.headers['access-control-expose-headers']).split(', ')
    for (const name of ['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After']) expect(exposed).toContain(name)
  })

  test('P5: no refusal of the table has a status of success, and 401 always challenges', async () => {
    const { verifier } = await createStage('cold')
    for (const code of codes) expect(refusals[code].status).toBeGreaterThanOrEqual(400)
    const verdict = await verifier.check(requestView({ url }))
    expect(verdict.ok || challengesIn(verdict.refusal)).toHaveLength(2)
  })
})

const defaultAlgorithms = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256']
