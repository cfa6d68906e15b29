import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { createRig, judgeNow } from '../properties/rig.ts'
import { ecdsaTwin, respell } from '../support/bytes.ts'
import { outcomeOf, url } from '../support/kit.ts'
import { isFull } from './size.ts'

const proofs = isFull ? 10_000 : 1_000

const writings: readonly ((proof: string) => string)[] = [
  (proof) => proof,
  (proof) => ` \t${proof} `,
  (proof) => `${proof}==`,
  respell,
]

/** One proof in sixteen spellings: its signature and its twin, four ways to write it, two of the scheme. */
function spellingsOf(token: string, proof: string) {
  return [proof, ecdsaTwin(proof)].flatMap((one) =>
    writings.flatMap((write) =>
      ['DPoP', 'dpop'].map((scheme) =>
        requestView({ url, headers: { authorization: `${scheme} ${token}`, dpop: write(one) } }),
      ),
    ),
  )
}

test(`RFC 9449 §11.1: ${proofs} proofs in 16 spellings each are admitted once each`, () => rig.then(play), 120_000)

const rig = createRig()

function play({ open, token: sign, proof }: Awaited<typeof rig>): void {
  const { clock, verifier } = open()
  const token = sign()
  let first = 0
  let second = 0
  for (let nth = 0; nth < proofs; nth++) {
    const views = spellingsOf(token, proof(clock, token))
    expect(views).toHaveLength(16)
    // Every spelling comes first in its turn.
    const turned = [...views.slice(nth % 16), ...views.slice(0, nth % 16)]
    const admitted = turned.filter((view) => outcomeOf(judgeNow(verifier, view)) === 'admitted').length
    first += Math.min(1, admitted)
    second += Math.max(0, admitted - 1)
  }
  expect({ first, second }).toEqual({ first: proofs, second: 0 })
}
