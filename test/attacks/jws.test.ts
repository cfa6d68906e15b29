import { createHmac, createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { createVerifier, OptionsError } from '../../src/index.ts'
import { createTestIssuer } from '../../src/testing/index.ts'
import { encode } from '../support/bytes.ts'
import { resource, url } from '../support/kit.ts'
import { coldAndWarm, createStage, type Stage } from './stage.ts'

const extensions: readonly Record<string, unknown>[] = [
  { crit: ['http://example.com/UNDEFINED'], 'http://example.com/UNDEFINED': true },
  { crit: ['b64'], b64: false },
  { crit: ['b64'], b64: true },
  { b64: false },
  { b64: true },
  { crit: '' },
  { crit: [] },
  { crit: null },
  { crit: 0 },
  { crit: false },
  { crit: {} },
  { crit: ['exp', 'exp'], exp: 1 },
  { crit: ['absent'] },
  { crit: ['alg'] },
  { crit: [''] },
]

describe('critical extensions', () => {
  for (const extension of extensions) {
    const shown = JSON.stringify(extension)
    coldAndWarm(`P10: a token with ${shown} is malformed`, async (stage) => {
      expect(await stage.judgeToken({ token: { header: extension } })).toBe('token_malformed')
    })
    coldAndWarm(`P10: a proof with ${shown} is malformed`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      expect(await stage.code({ token, proof: { header: extension } })).toBe('proof_malformed')
    })
  }

  coldAndWarm('P10: crit written twice, of which the last is harmless, is malformed', async (stage) => {
    const [header = '', ...rest] = (await stage.token()).split('.')
    const text = Buffer.from(header, 'base64url').toString().replace('{', '{"\\u0063rit":["x"],"crit":[],')
    expect(await stage.judgeToken({ token: [encode(text), ...rest].join('.') })).toBe('token_malformed')
  })
})

/** The byte forms of a public key that an attacker could use as an HMAC secret. */
function secretsFrom(jwk: JWK): (string | Buffer)[] {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  const der = key.export({ type: 'spki', format: 'der' })
  const coordinates = [jwk.x ?? '', jwk.y ?? ''].map((text) => Buffer.from(text, 'base64url'))
  return [
    pem,
    pem.trim(),
    ` ${pem}`,
    pem.replaceAll('\n', ''),
    der,
    encode(der),
    JSON.stringify(jwk),
    ...coordinates,
    '',
  ]
}

function hmacJws(alg: string, secret: string | Buffer, header: object, claims: string): string {
  const input = `${encode({ ...header, alg })}.${claims}`
  return `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(input)
    .digest('base64url')}`
}

async function symmetricTokens(stage: Stage): Promise<string[]> {
  const [header = '', claims = ''] = (await stage.token()).split('.')
  const members = JSON.parse(Buffer.from(header, 'base64url').toString()) as object
  const secrets = secretsFrom(stage.issuer.jwks.keys[0] as JWK)
  return secrets.flatMap((secret) => ['HS256', 'HS384', 'HS512'].map((alg) => hmacJws(alg, secret, members, claims)))
}

describe('key confusion', () => {
  coldAndWarm('P36: HMAC with the public key in any encoding is no signature of a token', async (stage) => {
    for (const token of await symmetricTokens(stage)) expect(await stage.judgeToken({ token })).toBe('token_algorithm')
  })

  coldAndWarm('P36: HMAC with the public key in any encoding is no signature of a proof', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const [, claims = ''] = (await stage.agent.proof({ method: 'GET', url, token })).split('.')
    const jwk = stage.agent.publicJwk
    for (const secret of secretsFrom(jwk)) {
      for (const key of [jwk, { kty: 'oct', k: encode(secret) }]) {
        const dpop = hmacJws('HS256', secret, { typ: 'dpop+jwt', jwk: key }, claims)
        expect(await stage.code({ token, headers: { dpop } })).toBe('proof_key')
      }
    }
  })

  const names = [
    'none',
    'None',
    'NONE',
    '',
    'es256',
    'ES256 ',
    'HS256',
    'ES256K',
    'ES512',
    'RSA1_5',
    '__proto__',
    'constructor',
  ]
  for (const alg of [...names, null, 0, [], ['ES256'], {}]) {
    coldAndWarm(`P36: a token with alg ${JSON.stringify(alg)} is refused, signed or not`, async (stage) => {
      const token = await stage.token({ header: { alg } })
      expect(await stage.judgeToken({ token })).toBe('token_algorithm')
      expect(await stage.judgeToken({ token: token.slice(0, token.lastIndexOf('.') + 1) })).toBe('token_algorithm')
    })
    coldAndWarm(`P36: a proof with alg ${JSON.stringify(alg)} is refused`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      const outcome = await stage.code({ token, proof: { header: { alg } } })
      expect(outcome).toBe(typeof alg === 'string' ? 'proof_key' : 'proof_malformed')
    })
  }

  coldAndWarm('P36: a key serves the one algorithm it was published for', async (stage) => {
    const signer = await createTestIssuer({ resource, algorithm: 'RS256', clock: stage.issuer.clock })
    const [key] = signer.jwks.keys
    const jwks = { keys: [{ ...key, kty: 'RSA', alg: 'PS256' }] }
    const verifier = createVerifier({ issuer: { ...signer.options, jwks }, resource, clock: stage.issuer.clock })
    const token = await signer.token({ agent: stage.agent, human: 'alice' })
    for (let time = 0; time < 2; time++) {
      const verdict = await verifier.check(await stage.request({ token }))
      expect(verdict.ok || verdict.refusal.code).toBe('token_key_unknown')
    }
  })

  test('P36: symmetric and private keys are no keys of an issuer', async () => {
    const { issuer } = await createStage('cold')
    const [key] = issuer.jwks.keys
    const secret = { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', alg: 'HS256' }
    for (const jwk of [secret, { ...key, kty: 'EC', d: key?.x ?? '' }, { kty: 'EC', crv: 'P-256' }]) {
      const make = () => createVerifier({ issuer: { issuer: issuer.issuer, jwks: { keys: [jwk] } }, resource })
      expect(make).toThrow(OptionsError)
    }
  })
})

describe('payload', () => {
  for (const payload of ['[]', '[{"iss":"x"}]', 'null', '"text"', '7', 'true', '', ' ', '{}{}', '\ufeff{}']) {
    coldAndWarm(`P§1.21: a token whose payload is ${JSON.stringify(payload)} is malformed`, async (stage) => {
      const [header, , signature] = (await stage.token()).split('.')
      expect(await stage.judgeToken({ token: [header, encode(payload), signature].join('.') })).toBe('token_malformed')
    })
  }
})
