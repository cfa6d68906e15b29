import { expect, test } from 'vitest'
import { createKit, url } from '../../support/kit.ts'

const kit = await createKit()

test('P21: one client that writes its header in many ways takes one place among the proof keys', async () => {
  const verifier = kit.verifierWith({ cache: { proofKeys: 10 } })
  const neighbour = await kit.issuer.agent('neighbour')
  const theirs = { verifier, prover: neighbour, token: { agent: neighbour } }
  expect(await kit.code(theirs)).toBe('admitted')
  for (let round = 0; round < 30; round++) {
    const proof = { header: { kid: `k-${round}` } }
    expect(await kit.code({ verifier, proof })).toBe('admitted')
  }
  expect(verifier.health().caches.proofKeys).toBe(2)
  expect(await kit.code(theirs)).toBe('admitted')
})

test('RFC 8725 §3.1: a key that is cached for one algorithm is not used for another', async () => {
  const issuer = kit.issuer
  const agent = await issuer.agent('rsa', { algorithm: 'PS256' })
  const verifier = kit.verifierWith({ dpop: { algorithms: ['PS256', 'RS256'] } })
  expect(await kit.code({ verifier, prover: agent, token: { agent } })).toBe('admitted')
  const proof = { header: { alg: 'RS256' } }
  expect(await kit.code({ verifier, prover: agent, token: { agent }, proof })).toBe('proof_signature')
  expect(await kit.code({ verifier, prover: agent, token: { agent } })).toBe('admitted')
})

test('P21: a header of 2048 characters is kept, a longer one is not', async () => {
  const cachedWith = async (characters: number) => {
    const verifier = kit.verifierWith()
    const proof = await paddedProof((characters * 3) >> 2)
    expect(proof.indexOf('.')).toBe(characters)
    expect(await kit.code({ verifier, token: await token, proof })).toBe('admitted')
    return verifier.health().caches.proofKeys
  }
  const token = kit.token()
  const paddedProof = async (octets: number) => {
    const make = async (pad: string) => kit.agent.proof({ method: 'GET', url, token: await token, header: { pad } })
    const [bare = ''] = (await make('')).split('.')
    return make('x'.repeat(octets - Buffer.from(bare, 'base64url').length))
  }
  expect([await cachedWith(2_048), await cachedWith(2_050)]).toEqual([1, 0])
})

test('P21: a header that is padded is not kept', async () => {
  const verifier = kit.verifierWith()
  const proof = { header: { pad: 'x'.repeat(1_600) } }
  expect(await kit.code({ verifier, proof })).toBe('admitted')
  expect(verifier.health().caches.proofKeys).toBe(0)
})
