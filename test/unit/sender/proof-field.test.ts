import { beforeAll, describe, expect, test } from 'vitest'
import { encode, withParts } from '../../support/bytes.ts'
import { createKit, type Kit, url } from '../../support/kit.ts'

let kit: Kit
let token: string

beforeAll(async () => {
  kit = await createKit()
  token = await kit.token()
})

const fresh = (): Promise<string> => kit.agent.proof({ method: 'GET', url, token })

describe('one field', () => {
  test('DPOP-01: two field lines are refused, even the same proof twice', async () => {
    const proof = await fresh()
    expect(await kit.code({ token, proof: [proof, proof] })).toBe('proof_malformed')
    expect(await kit.code({ token, proof: [proof, await fresh()] })).toBe('proof_malformed')
    expect(await kit.code({ token, proof })).toBe('admitted')
  })

  test('DPOP-01: an empty second line counts', async () => {
    expect(await kit.code({ token, proof: [await fresh(), ''] })).toBe('proof_malformed')
  })
})

describe('one compact JWS', () => {
  type Bend = (proof: string) => string
  const bends: readonly (readonly [string, Bend])[] = [
    ['empty', () => ''],
    ['joined by comma', (proof) => `${proof},${proof}`],
    ['quoted', (proof) => `"${proof}"`],
    ['surrounded by spaces', (proof) => ` ${proof} `],
    ['followed by a newline', (proof) => `${proof}\n`],
    ['padded', (proof) => `${proof}=`],
    ['of two parts', (proof) => proof.slice(0, proof.lastIndexOf('.'))],
    ['of four parts', (proof) => `${proof}.`],
    ['of five parts, a JWE', (proof) => `${proof}.AAAA.AAAA`],
    ['without header', (proof) => withParts(proof, { header: '' })],
    ['without payload', (proof) => withParts(proof, { payload: '' })],
    ['of the ordinary alphabet', (proof) => withParts(proof, { signature: '+/'.repeat(43) })],
    ['spelt with unused bits', (proof) => withUnusedBits(proof)],
    ['in JSON serialisation', (proof) => JSON.stringify(flattened(proof))],
    ['a header that is no JSON', (proof) => withParts(proof, { header: encode('{') })],
    ['a header that is a list', (proof) => withParts(proof, { header: encode('[]') })],
    ['a payload that is a list', (proof) => withParts(proof, { payload: encode('[]') })],
    ['a payload that is null', (proof) => withParts(proof, { payload: encode('null') })],
    ['not ASCII', (proof) => `${proof}ä`],
    ['only dots', () => '..'],
  ]
  test.each(bends)('DPOP-02: a proof %s is malformed', async (_, bend) => {
    expect(await kit.code({ token, proof: bend(await fresh()) })).toBe('proof_malformed')
  })

  test('DPOP-02: an empty signature is a part, and a bad signature', async () => {
    expect(await kit.code({ token, proof: withParts(await fresh(), { signature: '' }) })).toBe('proof_signature')
  })
})

/** The last of 86 characters carries four unused bits. */
function withUnusedBits(proof: string): string {
  const next: Readonly<Record<string, string>> = { A: 'B', Q: 'R', g: 'h', w: 'x' }
  return proof.slice(0, -1) + (next[proof.slice(-1)] ?? '')
}

function flattened(proof: string): object {
  const [header, payload, signature] = proof.split('.')
  return { protected: header, payload, signature }
}
