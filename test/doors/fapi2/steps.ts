import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { RefusalCode } from 'onbehalf'
import { encode, sha256, withBrokenSignature, withParts } from '../../support/bytes.ts'
import { resource } from '../../support/kit.ts'
import type { Changes } from '../kit.ts'
import type { Bench, Outcome } from './bench.ts'

/** One step: the answers that count. */
export type Step = (bench: Bench) => Promise<readonly Outcome[]>

const url = `${resource}/tools`

/** By the number of the step in the module of proofs. */
export const proofSteps: Readonly<Record<number, Step>> = {
  1: sending({ names: ['authorization', 'DPOP'] }),
  2: async ({ kit, send }) => {
    const token = await kit.token()
    return send({ token, fields: [['dpop', await kit.agent.proof({ method: 'GET', url, token })]] })
  },
  3: bending((proof) => proof.split('.').slice(0, 2).join('.')),
  4: header({ typ: undefined }),
  5: bending((proof, { kit }) => {
    const renamed = { typ: 'dpop+jwt', alg2: 'ES256', jwk: kit.agent.publicJwk }
    return withParts(proof, { header: encode(JSON.stringify(renamed)) })
  }),
  6: header({ jwk: undefined }),
  7: claims({ jti: undefined }),
  8: claims({ htm: undefined }),
  9: claims({ htu: undefined }),
  10: claims({ iat: undefined }),
  11: claims({ ath: undefined }),
  12: header({ typ: 'dpop+jwt+wrongyousee' }),
  13: async ({ kit, send }) => {
    const prover = await kit.issuer.agent('rsa-1', { algorithm: 'RS256' })
    return send({ prover, token: { agent: prover } })
  },
  14: async ({ kit, send }) => {
    const token = await kit.token()
    const proof = await kit.agent.proof({ method: 'GET', url, token, header: { alg: 'none', jwk: undefined } })
    return send({ token, proof: withParts(proof, { signature: '' }) })
  },
  15: bending((proof) => withBrokenSignature(proof)),
  16: async ({ kit, send }) => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(privateKey)
    const token = await kit.token({ claims: { cnf: { jkt: await calculateJwkThumbprint(jwk) } } })
    const proof = await new SignJWT({ jti: 'j', htm: 'GET', htu: url, iat: kit.now, ath: sha256(token) })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
      .sign(privateKey)
    return send({ token, proof })
  },
  17: claims({ htm: 'PUT' }),
  18: claims({ htu: `${url}?a=b#c` }),
  19: sending({ target: '/tools?a=b', proof: { claims: { htu: url } } }),
  20: claims({ htu: `${url}/more` }),
  21: ({ kit, send }) => send({ proof: { claims: { iat: kit.now + 3_600 } } }),
  22: ({ kit, send }) => send({ proof: { claims: { iat: kit.now - 3_600 } } }),
  23: claims({ jti: 'fixed-1' }),
  24: async ({ send }) => {
    const again: Changes = { proof: { claims: { jti: 'fixed-2' } } }
    return (await send(again, again)).slice(1)
  },
  25: claims({ ath: sha256('another token') }),
  26: ({ kit, send }) => send({ prover: kit.thief }),
  27: sending({ proof: { header: { extra: 1 }, claims: { extra: { more: true } } } }),
  28: claims({ htu: 'HTTPS://API.EXAMPLE.TEST/tools' }),
  29: claims({ htu: 'https://api.example.test:443/tools' }),
  30: sending({ proof: null }),
  31: sending({ scheme: 'Bearer', proof: null }),
  32: sending({}),
}

/** The expected refusal codes: without them a step could pass by being rejected for another reason. */
export const reasons: Readonly<Record<number, RefusalCode>> = {
  2: 'proof_malformed',
  3: 'proof_malformed',
  4: 'proof_malformed',
  5: 'proof_malformed',
  6: 'proof_malformed',
  7: 'proof_malformed',
  8: 'proof_malformed',
  9: 'proof_malformed',
  10: 'proof_malformed',
  11: 'proof_malformed',
  12: 'proof_malformed',
  13: 'proof_key',
  14: 'proof_malformed',
  15: 'proof_signature',
  16: 'proof_key',
  17: 'proof_method',
  20: 'proof_target',
  21: 'proof_not_active',
  22: 'proof_expired',
  24: 'proof_replayed',
  25: 'proof_token_hash',
  26: 'binding_mismatch',
  30: 'proof_missing',
  31: 'binding_scheme',
}

/** By the module of the step; several steps of one module in order. */
export const otherSteps: Readonly<Record<string, readonly Step[]>> = {
  FAPI2SPFinalAccessTokenTypeHeaderCaseSensitivity: [
    async ({ send, sendMutual, clients: [one] }) => [
      ...(await send({ scheme: 'dPOP' })),
      await sendMutual(one, { scheme: 'bEARER', token: { agent: one }, proof: null }),
    ],
  ],
  FAPI2SPFinalCheckDpopProofNbfExp: [
    ({ kit, send }) => send({ proof: { claims: { nbf: kit.now, exp: kit.now + 300 } } }),
  ],
  FAPI2SPFinalHappyFlow: [
    async ({ kit, send, sendMutual, clients: [one] }) => {
      const token = await kit.token()
      const mutual = await kit.token({ agent: one })
      // Without an Authorization field: the proof goes under another name.
      return [
        ...(await send({ target: `/tools?access_token=${token}`, names: ['x-none', 'dpop'], token, url })),
        await sendMutual(one, { target: `/tools?access_token=${mutual}`, names: ['x-none', 'dpop'], proof: null }),
      ]
    },
    ({ send }) => send({ fields: [['accept', 'application/json;charset=UTF-8']] }, { fields: [['accept', '*/*']] }, {}),
  ],
  AbstractFAPI2SPFinalMultipleClient: [
    async ({ send, sendMutual, clients: [one, two] }) => [
      ...(await send({ prover: one, token: { agent: two, bind: 'dpop' } })),
      await sendMutual(one, { scheme: 'Bearer', token: { agent: two }, proof: null }),
      await sendMutual(one, { prover: two, token: { agent: two, bind: 'both' } }),
    ],
  ],
  'FAPI2SPFinalEnsureDpopProofWithIat10SecondsBefore/After (token endpoint)': [
    ({ kit, send }) => send({ proof: { claims: { iat: kit.now - 10 } } }, { proof: { claims: { iat: kit.now + 8 } } }),
  ],
}

function sending(changes: Changes): Step {
  return ({ send }) => send(changes)
}

function claims(members: Record<string, unknown>): Step {
  return sending({ proof: { claims: members } })
}

function header(members: Record<string, unknown>): Step {
  return sending({ proof: { header: members } })
}

function bending(bend: (proof: string, bench: Bench) => string): Step {
  return async (bench) => {
    const token = await bench.kit.token()
    const proof = await bench.kit.agent.proof({ method: 'GET', url, token })
    return bench.send({ token, proof: bend(proof, bench) })
  }
}
