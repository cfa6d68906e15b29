import { beforeAll, describe, expect, test } from 'vitest'
import { url } from '../support/kit.ts'
import { createTlsKit, serveTls, type TlsKit, versions } from '../support/tls.ts'

let kit: TlsKit
beforeAll(async () => {
  kit = await createTlsKit()
})

type Kind = 'good' | 'bad' | 'absent'

/** The certificate is judged before the proof. */
const matrix: readonly (readonly [proof: Kind, certificate: Kind, code: string | undefined])[] = [
  ['good', 'good', undefined],
  ['bad', 'good', 'binding_mismatch'],
  ['absent', 'good', 'proof_missing'],
  ['good', 'bad', 'binding_mismatch'],
  ['bad', 'bad', 'binding_mismatch'],
  ['absent', 'bad', 'binding_mismatch'],
  ['good', 'absent', 'certificate_missing'],
  ['bad', 'absent', 'certificate_missing'],
  ['absent', 'absent', 'certificate_missing'],
]

describe.each(versions)('%s', (version) => {
  async function askWith(proof: Kind, certificate: Kind, isWarm: boolean) {
    const api = await serveTls(kit, version)
    const token = await kit.token({ human: 'alice', bind: 'both' })
    if (isWarm) await api.ask(await api.open(kit.own), await kit.agent.headers('GET', url, token))
    const prover = proof === 'bad' ? await kit.issuer.agent('another-key') : kit.agent
    const dpop = proof === 'absent' ? {} : { dpop: await prover.proof({ method: 'GET', url, token }) }
    const shown = { good: kit.own, bad: kit.other, absent: undefined }[certificate]
    return api.ask(await api.open(shown), { authorization: `DPoP ${token}`, ...dpop })
  }

  test.each(matrix)('P2: bound to both, a %s proof on a connection with a %s certificate', async (...row) => {
    const [proof, certificate, code] = row
    for (const isWarm of [false, true]) {
      const answer = await askWith(proof, certificate, isWarm)
      expect([isWarm, answer.status, answer.body.code]).toEqual([isWarm, code === undefined ? 200 : 401, code])
    }
  })

  test('P2: bound to both, the context names both', async () => {
    const { body } = await askWith('good', 'good', false)
    expect(body).toEqual({ method: 'dpop+mtls', jkt: kit.agent.jkt, x5t: kit.own.thumbprint })
  })

  test('RFC 9449 §7.2: bound to both, the scheme is DPoP', async () => {
    const api = await serveTls(kit, version)
    const token = await kit.token({ bind: 'both' })
    const dpop = await kit.agent.proof({ method: 'GET', url: url, token })
    const answer = await api.ask(await api.open(kit.own), { authorization: `Bearer ${token}`, dpop })
    expect(answer).toMatchObject({ status: 401, body: { code: 'binding_scheme' } })
  })
})
