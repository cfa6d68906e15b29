import { createVerifier, type Explanation, type RefusalCode, type VerifierOptions } from 'onbehalf'
import { createTestIssuer } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { origins } from '../../../src/observe/examine.ts'
import { withBrokenSignature } from '../../support/bytes.ts'
import { createForge } from '../../support/forge.ts'
import { createHome, keysUri, metadataUri } from '../../support/key-home.ts'
import { createKit, resource } from '../../support/kit.ts'
import { canMeet, createOrderStage, type Fault, faults, type OrderStage } from '../order-faults.ts'

let stage: OrderStage

beforeAll(async () => {
  stage = await createOrderStage()
})

/** Rows of the matrix that only a store, the revocation source, the directory or a function of the user's can refuse. */
const leftOut: ReadonlySet<string> = new Set(['revoked', 'seen', 'quota', 'disabled', 'owner', 'principal', 'where'])

const codesIn = ({ reasons }: Explanation): readonly RefusalCode[] => reasons.map(({ code }) => code)

async function codesWith(...some: readonly Fault[]): Promise<readonly RefusalCode[]> {
  return codesIn(await stage.kit.verifier.explain(await stage.requestWith(...some)))
}

describe('the order matrix', () => {
  test('ORDER: explain finds nothing wrong with a good request', async () => {
    expect(await codesWith()).toEqual([])
  })

  test.each(faults)('ORDER: explain says $code first for: $name', async (fault) => {
    expect((await codesWith(fault))[0]).toBe(leftOut.has(fault.name) ? undefined : fault.code)
  })

  test('ORDER: of every two faults, explain says first what the pipeline refuses for, as far as it may look', async () => {
    const wrong: string[] = []
    for (const [at, earlier] of faults.entries()) {
      for (const later of faults.slice(at + 1).filter((fault) => canMeet(earlier, fault))) {
        const expected = [earlier, later].find(({ name }) => !leftOut.has(name))?.code
        const [first] = await codesWith(earlier, later)
        if (first !== expected) wrong.push(`${earlier.name} and ${later.name}: ${first}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('ORDER: nothing is used up, and no store, hook, directory or rule is asked', async () => {
    const before = { ...stage.asked }
    const view = await stage.requestWith()
    for (let time = 0; time < 3; time++) await stage.kit.verifier.explain(view)
    for (const fault of faults) await codesWith(fault)
    expect(stage.asked).toEqual(before)
    expect((await stage.kit.verifier.check(view)).ok).toBe(true)
  })

  test('ORDER: what is left out is what the origins of the codes say, and rules of the user', () => {
    const told = faults.filter(({ name, code }) => leftOut.has(name) && origins[code] === 'check')
    expect(told.map(({ name }) => name)).toEqual(['owner', 'principal', 'where'])
  })
})

describe('every reason', () => {
  const forge = createForge()

  test('Options: a token as many servers issue it is explained in one go', async () => {
    const { verifier, token, agent, clock } = await forge
    const now = clock.now() / 1_000
    const long = { exp: now + 86_400, aud: 'https://other.test', cnf: undefined, client_id: undefined, jti: undefined }
    const text = token(long, { typ: 'JWT' })
    const proof = await agent.proof({ method: 'GET', url: `${resource}/tools`, token: text })
    const found = await verifier.explain(viewWith(`Bearer ${text}`, proof))
    expect(codesIn(found)).toEqual([
      'token_type',
      'token_claim',
      'token_claim',
      'token_audience',
      'token_lifetime',
      'binding_missing',
    ])
    expect(found.reasons.map(({ facts }) => facts.claim)).toEqual([undefined, 'client_id', 'jti', ...Array(3)])
    expect(found.reasons.map(({ facts }) => facts.hint)).toEqual([
      'issuer.dialect',
      'issuer.optionalClaims',
      'issuer.optionalClaims',
      'audience',
      'issuer.maxTokenSeconds',
      'issuer.dangerously.allowUnbound',
    ])
    expect(found).toMatchObject({ signature: 'held', parties: { principal: 'alice', actor: 'alice', chain: [] } })
  })

  test('Options: everything wrong with a proof is explained', async () => {
    const { verifier, token, agent, clock } = await forge
    const text = token()
    const claims = { htm: 'PUT', ath: 'x', iat: clock.now() / 1_000 - 61 }
    const proof = await agent.proof({ method: 'GET', url: `${resource}/else`, token: text, claims })
    const found = await verifier.explain(viewWith(`DPoP ${text}`, withBrokenSignature(proof)))
    expect(codesIn(found)).toEqual([
      'proof_method',
      'proof_target',
      'proof_token_hash',
      'proof_expired',
      'proof_signature',
    ])
  })

  test('Options: of a token without a good signature it says header, issuer and times, and no party', async () => {
    const { verifier, token, clock } = await forge
    const past = { exp: clock.now() / 1_000 - 60, cnf: undefined, aud: 'https://other.test' }
    const unsigned = await verifier.explain(viewWith(`DPoP ${withBrokenSignature(token(past, { typ: 'JWT' }))}`))
    expect(codesIn(unsigned)).toEqual(['token_type', 'token_expired', 'token_signature'])
    expect(unsigned.signature).toBe('failed')
    const noIssuer = await verifier.explain(
      viewWith(`DPoP ${token({ ...past, iss: 'https://x.test' }, { alg: 'none' })}`),
    )
    expect(codesIn(noIssuer)).toEqual(['token_algorithm', 'token_issuer', 'token_expired'])
    expect(noIssuer.signature).toBe('unknown')
    expect([unsigned, noIssuer].map((found) => 'parties' in found)).toEqual([false, false])
  })

  test('Options: no signature is verified under an algorithm that is not accepted', async () => {
    const { verifier, token } = await forge
    const found = await verifier.explain(viewWith(`DPoP ${token({}, { alg: 'HS256' })}`))
    expect(codesIn(found)).toEqual(['token_algorithm'])
    expect(found.signature).toBe('unknown')
  })

  test('Options: the parties are texts, and only there where the chain can be read', async () => {
    const { verifier, token } = await forge
    const chain = { sub: 'a', sub_profile: 'ai_agent', act: { sub: 'b' } }
    const found = await verifier.explain(viewWith(`DPoP ${token({ act: chain })}`))
    expect(found.parties).toEqual({ principal: 'alice', actor: 'a', authority: 'delegated', chain: ['a', 'b'] })
    const broken = await verifier.explain(viewWith(`DPoP ${token({ act: 'x' })}`))
    expect(codesIn(broken)).toEqual(['proof_missing', 'delegation_malformed'])
    expect(broken).toMatchObject({ signature: 'held' })
    expect(broken.parties).toBeUndefined()
  })

  test('Options: an owner is asked for only where no directory could name one', async () => {
    const { verifierWith, token } = await forge
    const view = viewWith(`DPoP ${token({ act: { sub: 'a', sub_profile: 'ai_agent' } })}`)
    const explain = (delegation: VerifierOptions['delegation']) => verifierWith({ delegation }).explain(view)
    expect(codesIn(await explain({ requireOwner: true }))).toEqual(['proof_missing', 'owner_missing'])
    expect(codesIn(await explain({ requireOwner: true, directory: () => undefined }))).toEqual(['proof_missing'])
  })

  test('Options: an explained token is not remembered, and a foreign one is not admitted by it', async () => {
    const kit = await createKit()
    const view = await kit.request({ token: { header: { typ: 'JWT' } } })
    await kit.verifier.explain(view)
    expect(kit.verifier.health().caches).toEqual({ tokens: 0, proofKeys: 0 })
    const verdict = await kit.verifier.check(view)
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'token_type' } })
  })
})

describe('what is fetched and asked', () => {
  test('Options: keys of configured issuers are fetched, and an outage of theirs is a reason', async () => {
    const { verifier, network, token } = await createHome()
    const view = viewWith(`DPoP ${await token()}`)
    expect(codesIn(await verifier.explain(view))).toEqual(['proof_missing'])
    expect(network.asked).toEqual([metadataUri, keysUri])
    const other = await createHome()
    other.network.cut(true)
    const found = await other.verifier.explain(viewWith(`DPoP ${await other.token()}`))
    expect(found).toMatchObject({ reasons: [{ code: 'keys_unavailable' }], signature: 'unknown' })
  })

  test('Options: no resolver is asked, and an issuer that only it might know is no reason', async () => {
    const issuer = await createTestIssuer({ resource })
    const agent = await issuer.agent('a')
    let asked = 0
    const resolve = () => {
      asked++
      return undefined
    }
    const verifier = createVerifier({ issuer: { resolve }, resource, clock: issuer.clock })
    const found = await verifier.explain(viewWith(`DPoP ${await issuer.token({ agent })}`))
    expect(found).toEqual({ reasons: [], signature: 'unknown' })
    expect(asked).toBe(0)
  })

  test('RFC 7662 §2: no issuer is asked about an opaque token', async () => {
    const asked: string[] = []
    const client = { id: 'api', secret: 'secret' }
    const endpoint = 'https://as.example.test/introspect'
    const verifier = createVerifier({
      issuer: { issuer: 'https://as.example.test', introspection: { endpoint, client } },
      resource,
      fetch: async (input) => {
        asked.push(String(input))
        return Response.json({ active: true })
      },
    })
    expect(await verifier.explain(viewWith('DPoP opaque'))).toEqual({ reasons: [], signature: 'unknown' })
    expect(codesIn(await verifier.explain(viewWith('DPoP opaque, twice')))).toEqual(['request_malformed'])
    expect(asked).toEqual([])
  })
})

function viewWith(authorization: string, proof?: string) {
  const fields: Readonly<Record<string, readonly string[]>> = {
    authorization: [authorization],
    dpop: proof === undefined ? [] : [proof],
  }
  return { method: 'GET', target: '/tools', header: (name: string) => fields[name] ?? [] }
}
