import { admitted, refused, valuesOf } from '../seen.ts'
import type { Chapter } from '../table.ts'

/** RFC 9449 §9: the answer carries what the next proof needs. */
export const nonces: Chapter = {
  subject: 'nonces',
  app: ({ options }) => ({
    options: { ...options, dpop: { nonce: { secret: 'a secret that has thirty-two bytes' } } },
    routes: [{ path: '/tools' }, { path: '/admin', requirement: { scopes: ['admin'] } }],
  }),
  rows: [
    {
      title: 'RFC 9449 §9: a proof without a nonce is answered with one',
      send: (kit) => kit.shot(),
      expect: refused('nonce_required', { isNonced: true }),
    },
    {
      title: 'RFC 9449 §9: a nonce that is not ours is answered with one',
      send: (kit) => kit.shot({ proof: { nonce: 'made-up' } }),
      expect: refused('nonce_invalid', { isNonced: true }),
    },
    {
      title: 'RFC 9449 §9: a missing proof is answered with a nonce as well',
      send: (kit) => kit.shot({ proof: null }),
      expect: refused('proof_missing', { isNonced: true }),
    },
    {
      title: 'Nonce: a request without credentials is given none',
      send: async () => ({ method: 'GET', target: '/tools', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 9449 §9: the retry with the nonce of the answer is admitted',
      play: async (ask, kit) => {
        const [nonce] = valuesOf(await ask(await kit.shot()), 'dpop-nonce')
        return ask(await kit.shot({ proof: { nonce } }))
      },
      expect: admitted('/tools'),
    },
    {
      title: 'RFC 9449 §9: one nonce serves several proofs',
      play: async (ask, kit) => {
        const [nonce] = valuesOf(await ask(await kit.shot()), 'dpop-nonce')
        await ask(await kit.shot({ proof: { nonce } }))
        return ask(await kit.shot({ proof: { nonce } }))
      },
      expect: admitted('/tools'),
    },
    {
      title: 'RFC 9449 §11.1: a nonce does not make a used proof good',
      play: async (ask, kit) => {
        const [nonce] = valuesOf(await ask(await kit.shot()), 'dpop-nonce')
        const shot = await kit.shot({ proof: { nonce } })
        await ask(shot)
        return ask(shot)
      },
      expect: refused('proof_replayed'),
    },
    {
      title: 'RFC 6750 §3.1: a 403 after a good nonce is a 403',
      play: async (ask, kit) => {
        const [nonce] = valuesOf(await ask(await kit.shot()), 'dpop-nonce')
        return ask(await kit.shot({ target: '/admin', proof: { nonce } }))
      },
      expect: refused('scope_missing', { needs: { scope: 'admin' } }),
    },
    {
      title: 'RFC 9449 §8.2: past half of its life an admitted answer brings the next one',
      play: async (ask, kit) => {
        const [nonce] = valuesOf(await ask(await kit.shot()), 'dpop-nonce')
        const token = await kit.token()
        kit.issuer.clock.step(200)
        const answer = await ask(await kit.shot({ token, proof: { nonce } }))
        kit.issuer.clock.step(-200)
        return answer
      },
      expect: admitted('/tools', {}, true),
    },
  ],
}
