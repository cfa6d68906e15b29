import { describe, expect, test } from 'vitest'
import { createVerifier, type RefusalCode } from '../../src/index.ts'
import { resource } from '../support/kit.ts'
import { coldAndWarm, createStage } from './stage.ts'

const required: Readonly<Record<string, RefusalCode>> = {
  iss: 'token_issuer',
  sub: 'token_claim',
  aud: 'token_audience',
  client_id: 'token_claim',
  iat: 'token_claim',
  exp: 'token_claim',
  jti: 'token_claim',
}
const wrongValues: readonly unknown[] = [null, [], {}, '', false, [7], [null]]

describe('required claims', () => {
  for (const [claim, missing] of Object.entries(required)) {
    coldAndWarm(`P7: a token without ${claim} is refused`, async (stage) => {
      expect(await stage.judgeToken({ token: { claims: { [claim]: undefined } } })).toBe(missing)
    })

    // `aud` that is there and empty is malformed; `iss` of the wrong type is an unknown issuer.
    const wrong = claim === 'iss' ? 'token_issuer' : 'token_claim'
    for (const value of wrongValues) {
      coldAndWarm(`P7: ${claim} ${JSON.stringify(value)} is refused`, async (stage) => {
        expect(await stage.judgeToken({ token: { claims: { [claim]: value } } })).toBe(wrong)
      })
    }
  }

  for (const claim of ['exp', 'iat', 'nbf']) {
    for (const value of ['1767226000', true, null, {}, []]) {
      coldAndWarm(`P7: ${claim} ${JSON.stringify(value)} is no number`, async (stage) => {
        expect(await stage.judgeToken({ token: { claims: { [claim]: value } } })).toBe('token_claim')
      })
    }
  }

  for (const claim of ['iss', 'sub', 'jti', 'client_id']) {
    coldAndWarm(`P37: ${claim} as a list or object that holds the right value is refused`, async (stage) => {
      for (const wrap of [(value: string) => [value], (value: string) => ({ [value]: true })]) {
        const value = { iss: stage.issuer.issuer, sub: 'alice', jti: 'j', client_id: 'travel-7' }[claim] as string
        const outcome = await stage.judgeToken({ token: { claims: { [claim]: wrap(value) } } })
        expect(outcome).toBe(claim === 'iss' ? 'token_issuer' : 'token_claim')
      }
    })
  }

  const otherResources = [
    'https://other.example.test',
    `${resource}//`,
    `${resource}/tools`,
    `${resource}.evil.test`,
    [`${resource}x`],
  ]
  coldAndWarm('P§1.23: a token for another resource is refused', async (stage) => {
    for (const audience of otherResources) {
      expect(await stage.judgeToken({ token: { audience } })).toBe('token_audience')
    }
  })

  coldAndWarm(
    'P§1.23: an audience that the options name is compared as it is written',
    async (stage) => {
      for (const audience of [...otherResources, `${resource}/`]) {
        expect(await stage.judgeToken({ token: { audience } })).toBe('token_audience')
      }
    },
    { audience: resource },
  )

  coldAndWarm('RFC 3986 §6.2.3: a resource without a path is the same with a slash', async (stage) => {
    expect(await stage.judgeToken({ token: { audience: `${resource}/` } })).toBe('admitted')
  })
})

describe('the verified-token cache', () => {
  test('P8: a cached token and a new verifier agree at every moment of its life', async () => {
    const { issuer, agent, request } = await createStage('cold')
    const options = { issuer: { ...issuer.options, maxTokenSeconds: 600 }, resource, clock: issuer.clock }
    const cached = createVerifier({ ...options, cache: { tokenSeconds: 3_600 } })
    const start = issuer.clock.now() / 1_000
    const lives = [
      { iat: start, exp: start + 30 },
      { iat: start - 100, exp: start + 20, nbf: start - 50 },
      { iat: start + 5, exp: start + 25, nbf: start + 5 },
      { iat: start, exp: start + 12, nbf: start },
    ]
    const tokens = await Promise.all(lives.map((claims) => issuer.token({ agent, human: 'alice', claims })))
    const outcomes = new Set<string>()
    for (let second = 0; second <= 40; second++) {
      for (const token of tokens) {
        const verdicts = await Promise.all(
          [cached, createVerifier(options)].map(async (verifier) => verifier.check(await request({ token }))),
        )
        const [warm, cold] = verdicts.map((verdict) => (verdict.ok ? 'admitted' : verdict.refusal.code))
        expect(warm).toBe(cold)
        outcomes.add(String(warm))
      }
      issuer.clock.advance(1)
    }
    expect(outcomes).toEqual(new Set(['admitted', 'token_expired']))
  })

  coldAndWarm('P8: a clock that steps back makes a cached token not active again', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    stage.issuer.clock.step(-6)
    expect(await stage.code({ token })).toBe('token_not_active')
  })

  coldAndWarm('P9: nothing of the context can be changed for the next request', async (stage) => {
    const token = await stage.token({ scopes: ['read'], via: [await stage.issuer.agent('planner-2')] })
    await stage.warmUp({ token })
    const verdict = await stage.verifier.check(await stage.request({ token }))
    if (!verdict.ok) throw new Error(verdict.refusal.code)
    const seen: object[] = []
    walk(verdict, (value) => seen.push(value))
    expect(seen.length).toBeGreaterThan(10)
    for (const value of seen) {
      expect(Object.isFrozen(value)).toBe(true)
      expect(Reflect.set(value, 'scope', 'admin')).toBe(false)
      expect(Reflect.set(value, 0, 'admin')).toBe(false)
    }
    const again = await stage.verifier.check(await stage.request({ token }))
    expect(again.ok && again.context.scopes).toEqual(['read'])
  })

  coldAndWarm('P38: tokens that share their beginning and end are not one token', async (stage) => {
    const token = await stage.token({ scopes: ['read'] })
    await stage.warmUp({ token })
    const [header, payload = '', signature] = token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const forged = JSON.stringify({ ...claims, scope: 'root' })
    const other = [header, Buffer.from(forged).toString('base64url'), signature].join('.')
    expect(other.slice(0, 60)).toBe(token.slice(0, 60))
    expect(other.slice(-80)).toBe(token.slice(-80))
    expect(await stage.code({ token: other })).toBe('token_signature')
  })
})

describe('what claims cannot do', () => {
  const hostile = '{"scope":"admin","kind":"human","subject":"root","jkt":"x","aud":"x","act":{"sub":"root"}}'
  for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    coldAndWarm(`P13: a claim called ${name} stays a claim, nothing is inherited from it`, async (stage) => {
      const claims = JSON.parse(
        `{"${name}":${hostile},"act":{"sub":"travel-7","${name}":${hostile}},"cnf":{"jkt":"${stage.agent.jkt}"}}`,
      ) as Record<string, unknown>
      const token = await stage.token({ claims })
      await stage.warmUp({ token })
      const verdict = await stage.verifier.check(await stage.request({ token }))
      if (!verdict.ok) throw new Error(verdict.refusal.code)
      const { context } = verdict
      expect(context.scopes).toEqual([])
      expect(context.actor.subject).toBe('travel-7')
      expect(context.delegation?.depth).toBe(1)
      expect(Object.hasOwn(context.token.claims, name)).toBe(true)
      walk(context, (value) => {
        if (!Array.isArray(value)) expect(Object.getPrototypeOf(value)).toBe(null)
      })
      expect(({} as Record<string, unknown>)['scope']).toBe(undefined)
    })

    coldAndWarm(`P13: a cnf member called ${name} is an unknown confirmation`, async (stage) => {
      const claims = { cnf: JSON.parse(`{"${name}":{"jkt":"${stage.agent.jkt}"}}`) as object }
      expect(await stage.judgeToken({ token: { claims } })).toBe('binding_unsupported')
    })
  }

  coldAndWarm('P25: a client of its own, a user and a delegation are three different contexts', async (stage) => {
    const { agent, issuer, token } = stage
    const seen: unknown[] = []
    for (const made of [
      await issuer.token({ agent }),
      await token({ claims: { act: undefined } }),
      await token({ human: 'alice' }),
    ]) {
      await stage.warmUp({ token: made })
      const verdict = await stage.verifier.check(await stage.request({ token: made }))
      if (!verdict.ok) throw new Error(verdict.refusal.code)
      const { principal, actor, client, authority } = verdict.context
      seen.push([principal.subject, principal.kind, actor.subject, actor.kind, client?.id, authority])
    }
    expect(seen).toEqual([
      ['travel-7', 'agent', 'travel-7', 'agent', 'travel-7', 'independent'],
      ['alice', 'human', 'alice', 'human', 'travel-7', 'independent'],
      ['alice', 'human', 'travel-7', 'agent', 'travel-7', 'delegated'],
    ])
  })
})

function walk(value: unknown, visit: (value: object) => void): void {
  if (typeof value !== 'object' || value === null) return
  visit(value)
  for (const item of Object.values(value)) walk(item, visit)
}
