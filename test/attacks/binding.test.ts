import { describe, expect, test } from 'vitest'
import { agentAuth } from '../../adapters/express.ts'
import { createVerifier } from '../../src/index.ts'
import { createTestIssuer } from '../../src/testing/index.ts'
import { fakeCertificate } from '../support/bytes.ts'
import { type Call, resource } from '../support/kit.ts'
import { coldAndWarm, createStage, type Stage } from './stage.ts'

const own = fakeCertificate('travel-7')
const foreign = fakeCertificate('thief')
const both = (stage: Stage) => ({ cnf: { jkt: stage.agent.jkt, 'x5t#S256': own.thumbprint } })

describe('both bindings', () => {
  const certificates = { good: own.der, bad: foreign.der, absent: undefined }
  const expected = {
    'good good': 'admitted',
    'good bad': 'binding_mismatch',
    'good absent': 'certificate_missing',
    'bad good': 'binding_mismatch',
    'bad bad': 'binding_mismatch',
    'bad absent': 'certificate_missing',
    'absent good': 'proof_missing',
    'absent bad': 'binding_mismatch',
    'absent absent': 'certificate_missing',
  } as const
  for (const [cell, outcome] of Object.entries(expected)) {
    const [proof, certificate] = cell.split(' ') as ['good' | 'bad' | 'absent', keyof typeof certificates]
    coldAndWarm(`P2: both owed, proof ${proof}, certificate ${certificate}: ${outcome}`, async (stage) => {
      const token = await stage.token({ claims: both(stage) })
      await stage.warmUp({ token, certificate: own.der })
      const prover = proof === 'bad' ? await stage.issuer.agent('thief') : stage.agent
      const call: Call = { token, prover, certificate: certificates[certificate] }
      expect(await stage.code(proof === 'absent' ? { ...call, proof: null } : call)).toBe(outcome)
    })
  }
})

describe('confirmation methods', () => {
  const hash = own.thumbprint
  const unsupported: readonly unknown[] = [
    {},
    { kid: 'key-1' },
    { jwk: { kty: 'EC' } },
    { jku: 'https://keys.example.com' },
    { jwe: 'a.b.c.d.e' },
    null,
    [],
    [{ jkt: hash }],
    'jkt',
    0,
    false,
    { jkt: null },
    { jkt: '' },
    { jkt: [hash] },
    { jkt: `${hash}=` },
    { jkt: hash.slice(1) },
    { 'x5t#S256': 7 },
    { 'x5t#S256': hash, jkt: {} },
    { 'x5t#s256': hash },
    { jkt: hash, kid: 'key-1' },
  ]
  for (const cnf of unsupported) {
    for (const scheme of ['DPoP', 'Bearer']) {
      coldAndWarm(`P3: cnf ${JSON.stringify(cnf)} under ${scheme} is unsupported`, async (stage) => {
        const token = await stage.token({ claims: { cnf } })
        expect(await stage.judgeToken({ token, scheme, certificate: own.der })).toBe('binding_unsupported')
      })
    }
  }

  coldAndWarm(
    'P3: x5t#S256 where certificates are off is unsupported, never a bearer token',
    async (stage) => {
      const token = await stage.token({ claims: { cnf: { 'x5t#S256': hash } } })
      expect(await stage.judgeToken({ token, certificate: own.der })).toBe('binding_unsupported')
    },
    { mtls: false },
  )

  coldAndWarm(
    'P3: jkt where DPoP is off is unsupported, also where unbound tokens are allowed',
    async (stage) => {
      const warm = await stage.token({ bind: 'none' })
      await stage.warmUp({ token: warm, scheme: 'Bearer' })
      const token = await stage.token()
      expect(await stage.code({ token, scheme: 'Bearer' })).toBe('binding_unsupported')
    },
    (issuer) => ({ dpop: false, issuer: { ...issuer.options, dangerously: { allowUnbound: true } } }),
  )

  coldAndWarm(
    'P§1.5: an overlooked vendor member leaves the known confirmation in force',
    async (stage) => {
      const token = await stage.token({ claims: { cnf: { vendor: 'x', 'x5t#S256': hash } } })
      await stage.warmUp({ token, scheme: 'Bearer', certificate: own.der })
      const send = async (call: Call) => stage.code({ token, scheme: 'Bearer', ...call })
      expect(await send({ certificate: own.der })).toBe('admitted')
      expect(await send({ certificate: foreign.der })).toBe('binding_mismatch')
      expect(await send({})).toBe('certificate_missing')
    },
    (issuer) => ({ issuer: { ...issuer.options, ignoreCnf: ['vendor'] } }),
  )
})

describe('scheme and key', () => {
  coldAndWarm('P16: a bound token under scheme DPoP is worth nothing without a good proof', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const send = async (dpop: string | string[]) => stage.code({ token, headers: { dpop } })
    expect(await send([])).toBe('proof_missing')
    for (const garbage of ['', 'x', 'a.b.c', 'undefined', 'null', token, '..', '{}']) {
      expect(await send(garbage)).toBe('proof_malformed')
    }
  })

  coldAndWarm('P§4.7: a DPoP-bound token under Bearer is refused, with a good proof too', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    expect(await stage.code({ token, scheme: 'Bearer' })).toBe('binding_scheme')
    expect(await stage.code({ token, scheme: 'Bearer', proof: null })).toBe('binding_scheme')
  })

  coldAndWarm('P§4.8: a valid proof of another key does not fit the token', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const thief = await stage.issuer.agent('thief')
    expect(await stage.code({ token, prover: thief })).toBe('binding_mismatch')
  })

  coldAndWarm('P§4.10: requests of many keys at once never mix', async (stage) => {
    const agents = await Promise.all(Array.from({ length: 8 }, (_, at) => stage.issuer.agent(`agent-${at}`)))
    const tokens = await Promise.all(agents.map((agent) => stage.issuer.token({ agent, human: 'alice' })))
    for (const [at, token] of tokens.entries())
      await stage.warmUp({ token, prover: agents[at] as (typeof agents)[number] })
    const calls = agents.flatMap((prover, key) =>
      tokens.map((token, holder) => ({ prover, token, fits: key === holder })),
    )
    const outcomes = await Promise.all(calls.map(({ prover, token }) => stage.code({ token, prover })))
    expect(outcomes).toEqual(calls.map(({ fits }) => (fits ? 'admitted' : 'binding_mismatch')))
  })

  for (const member of ['jti', 'htm', 'htu', 'iat', 'ath']) {
    for (const value of [undefined, null, [], {}, true, member === 'iat' ? '0' : 0]) {
      coldAndWarm(`P18: a proof whose ${member} is ${JSON.stringify(value)} is malformed`, async (stage) => {
        const token = await stage.token()
        await stage.warmUp({ token })
        const view = await stage.request({ token, proof: { claims: { [member]: value } } })
        expect(await stage.judge(view)).toBe('proof_malformed')
      })
    }
  }

  for (const [method, htm] of [
    ['GET', 'get'],
    ['GET', 'Get'],
    ['get', 'GET'],
    ['PURGE', 'purge'],
    ['GET', 'GET '],
  ] as const) {
    coldAndWarm(`P11: method ${method} and htm ${JSON.stringify(htm)} differ`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      expect(await stage.code({ token, method, proof: { claims: { htm } } })).toBe('proof_method')
    })
  }

  coldAndWarm('P§4.39: the policy of the issuer that made the token counts, not the first one', async (stage) => {
    const second = await createTestIssuer({
      resource,
      issuer: 'https://second.example.test',
      clock: stage.issuer.clock,
    })
    const relaxed = { ...second.options, dangerously: { allowUnbound: true as const } }
    for (const issuer of [
      [stage.issuer.options, relaxed],
      [relaxed, stage.issuer.options],
    ]) {
      const verifier = createVerifier({ issuer, resource, clock: stage.issuer.clock })
      const view = await stage.request({ token: { bind: 'none' }, scheme: 'Bearer' })
      const verdicts = [await verifier.check(view), await verifier.check(view)]
      expect(verdicts.map((verdict) => verdict.ok || verdict.refusal.code)).toEqual([
        'binding_missing',
        'binding_missing',
      ])
    }
  })

  test('P§4.28: both senders off with nothing allowed unbound stops at creation', async () => {
    const { issuer } = await createStage('cold')
    const options = { issuer: issuer.options, resource, dpop: false, mtls: false } as const
    expect(() => createVerifier(options)).toThrow()
    expect(() => agentAuth(options)).toThrow()
  })
})
