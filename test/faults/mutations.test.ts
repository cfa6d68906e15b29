import { type RequestView, refusals } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { createRig, judgeNow } from '../properties/rig.ts'
import { outcomeOf, resource, url } from '../support/kit.ts'
import { isFull } from './size.ts'

const mutations = isFull ? 2_000_000 : 200_000
/** So many for each proof; then the proof itself must pass, which shows that no mutation has used it up. */
const perProof = 100

const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=~+/ ,"\\\0é'

/** The parts of a request, each of which is bent. The scheme may be written in any case, so it is none of them. */
interface Parts {
  readonly token: string
  readonly proof: string
  readonly method: string
  readonly path: string
}

type Bend = (text: string, at: number, random: () => number, other: string) => string

const bends: readonly Bend[] = [
  (text, at, random) => text.slice(0, at) + characters[Math.floor(random() * characters.length)] + text.slice(at + 1),
  (text, at, random) => text.slice(0, at) + characters[Math.floor(random() * characters.length)] + text.slice(at),
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at) => text.slice(0, at) + text.slice(at + 1, at + 2) + text.slice(at, at + 1) + text.slice(at + 2),
  (text, at) => text.slice(0, at),
  (text, at, random) => text.slice(0, at) + text.slice(Math.floor(random() * text.length)),
  // The rest of another good one.
  (text, at, _random, other) => text.slice(0, at) + other.slice(at),
]

/** Numerical Recipes' generator: the same mutations on every machine. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const names = ['token', 'proof', 'proof', 'token', 'method', 'path'] as const

function mutate(parts: Parts, others: Parts, random: () => number): Parts {
  const name = names[Math.floor(random() * names.length)] ?? 'proof'
  const bend = bends[Math.floor(random() * bends.length)] ?? bends[0]
  const text = parts[name]
  return { ...parts, [name]: bend?.(text, Math.floor(random() * text.length), random, others[name]) ?? '' }
}

function viewOf({ token, proof, method, path }: Parts): RequestView {
  return requestView({ method, target: path, url, headers: { authorization: `DPoP ${token}`, dpop: proof } })
}

/** White space around a field value or after the scheme is no part of them, so what differs in that alone is the same. */
function isSame(a: Parts, b: Parts): boolean {
  return (
    a.token.trim() === b.token.trim() && a.proof.trim() === b.proof.trim() && a.method === b.method && a.path === b.path
  )
}

test(`RFC 9449 §4.3: ${mutations} mutations of good requests, none accepted that is not the good one`, async () => {
  const { open, token: sign, proof } = await createRig()
  const { clock, verifier } = open()
  const tokens = [sign(), sign({ jti: 'token-2' })] as const
  const random = createRandom(Number(process.env['PROPERTY_SEED'] ?? 20_260_101))
  const codes = new Map<string, number>()
  const partsOf = (token: string): Parts => ({
    token,
    proof: proof(clock, token),
    method: 'GET',
    path: url.slice(resource.length),
  })
  let made = 0
  while (made < mutations) {
    const [good, other] = [partsOf(tokens[0]), partsOf(tokens[1])]
    for (let nth = 0; nth < perProof; nth++) {
      let mutated = mutate(good, other, random)
      while (isSame(mutated, good)) mutated = mutate(good, other, random)
      const code = outcomeOf(judgeNow(verifier, viewOf(mutated)))
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (!Object.hasOwn(refusals, code)) throw new Error(`${code}: ${JSON.stringify(mutated)}`)
    }
    made += perProof
    if (outcomeOf(judgeNow(verifier, viewOf(good))) !== 'admitted') throw new Error('a good request was refused')
  }
  expect([...codes.keys()]).toEqual(
    expect.arrayContaining(['proof_signature', 'token_signature', 'proof_method', 'proof_target']),
  )
}, 1_200_000)
