import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

/** A proof with this htu for a request to this target. */
const codeOf = (htu: string, target: string, verifier = kit.verifier) =>
  kit.code({ verifier, target, proof: { claims: { htu } } })

describe('method', () => {
  test.each([
    ['get', 'GET'],
    ['GET', 'get'],
    ['POST', 'GET'],
    ['GET', 'POST'],
    ['GET', 'HEAD'],
    ['HEAD', 'GET'],
    ['', 'GET'],
    ['GET ', 'GET'],
  ])('DPOP-09: htm %j does not serve %s', async (htm, method) => {
    expect(await kit.code({ method, proof: { claims: { htm } } })).toBe('proof_method')
  })

  test.each(['GET', 'HEAD', 'POST', 'QUERY', 'm-search'])('DPOP-09: htm and method %s are equal', async (method) => {
    expect(await kit.code({ method })).toBe('admitted')
  })
})

describe('target', () => {
  test.each([
    'https://api.example.test/other',
    'https://api.example.test/tools/',
    'https://api.example.test/tool',
    'https://api.example.test/tools/x',
    'https://api.example.test/Tools',
    'https://api.example.test',
    'https://api.example.test.evil.test/tools',
    'https://evil.test/tools',
    'https://evil.test/https://api.example.test/tools',
    'https://api.example.test@evil.test/tools',
    'https://user@api.example.test/tools',
    'https://api.example.test:8443/tools',
    'http://api.example.test/tools',
    'ftp://api.example.test/tools',
    '/tools',
    'api.example.test/tools',
    '//api.example.test/tools',
    'https:/api.example.test/tools',
    'https:///tools',
    'https://api.example.test\\tools',
    'https://api.example.test/too%6cs/..',
    'https://api.example.test/tools ',
    ' https://api.example.test/tools',
    'https://api.example.test/to\tols',
    'https://api.example.test/tools%00',
    'https://api.example.test/tools;a',
    'https://api.example.test./tools',
    '',
  ])('DPOP-10: htu %j is another target', async (htu) => {
    expect(await codeOf(htu, '/tools')).toBe('proof_target')
  })

  test.each([
    ['https://api.example.test/tools?a=1', '/tools'],
    ['https://api.example.test/tools#x', '/tools'],
    ['https://api.example.test/tools?a=1#x', '/tools?b=2'],
    ['https://api.example.test/tools', '/tools?a=1'],
    ['https://api.example.test/tools', '/tools?a=/../b'],
    ['https://api.example.test/tools', '/tools?a=\\'],
    ['https://api.example.test/tools', '/tools?'],
    ['https://api.example.test/tools?', '/tools'],
  ])('DPOP-10: query and fragment of both do not count: %s for %s', async (htu, target) => {
    expect(await codeOf(htu, target)).toBe('admitted')
  })

  test.each([
    'https://api.example.test/tools?',
    'https://api.example.test/tools?a=1',
    'https://api.example.test/tools#',
  ])('DPOP-10: htu: strict refuses %s', async (htu) => {
    const verifier = kit.verifierWith({ dpop: { htu: 'strict' } })
    expect(await codeOf(htu, '/tools', verifier)).toBe('proof_target')
    expect(await codeOf('https://api.example.test/tools', '/tools?a=1', verifier)).toBe('admitted')
  })

  test('DPOP-10: the refusal tells the operator both sides', async () => {
    const refusal = await kit.refusal({ target: '/tools', proof: { claims: { htu: 'https://evil.test/tools' } } })
    expect(refusal.facts).toMatchObject({
      expectedTarget: 'https://api.example.test/tools',
      receivedTarget: 'https://evil.test/tools',
    })
    expect(JSON.stringify(refusal.body)).not.toContain('evil')
  })
})

describe('the expected URL comes from configuration', () => {
  test.each(['host', 'x-forwarded-host', 'forwarded', 'x-original-url', 'x-forwarded-prefix'])(
    'DPOP-13: field %s does not move it',
    async (name) => {
      const value = name === 'forwarded' ? 'host=evil.test;proto=https' : 'evil.test'
      const headers = { [name]: value, 'x-forwarded-proto': 'https' }
      const call = { headers, target: '/tools' }
      expect(await kit.code({ ...call, proof: { claims: { htu: 'https://evil.test/tools' } } })).toBe('proof_target')
      expect(await kit.code(call)).toBe('admitted')
    },
  )

  test('DPOP-13: publicUrl replaces the origin of the resource, its path goes in front', async () => {
    const verifier = kit.verifierWith({ publicUrl: 'https://gateway.example.test/v1/' })
    expect(await codeOf('https://gateway.example.test/v1/tools', '/tools', verifier)).toBe('admitted')
    expect(await codeOf('https://gateway.example.test/tools', '/tools', verifier)).toBe('proof_target')
    expect(await codeOf('https://api.example.test/tools', '/tools', verifier)).toBe('proof_target')
  })

  test('DPOP-13: each of several public URLs serves', async () => {
    const publicUrl = ['https://a.example.test', 'http://127.0.0.1:3000/base']
    const verifier = kit.verifierWith({ publicUrl })
    expect(await codeOf('https://a.example.test/tools', '/tools', verifier)).toBe('admitted')
    expect(await codeOf('http://127.0.0.1:3000/base/tools', '/tools', verifier)).toBe('admitted')
    expect(await codeOf('http://127.0.0.1:3000/tools', '/tools', verifier)).toBe('proof_target')
    expect(await codeOf('https://a.example.test/base/tools', '/tools', verifier)).toBe('proof_target')
  })

  test('DPOP-13: the path of the resource is no prefix of the server', async () => {
    const verifier = kit.verifierWith({ resource: 'https://api.example.test/v1', audience: kit.issuer.resource })
    expect(await codeOf('https://api.example.test/tools', '/tools', verifier)).toBe('admitted')
    expect(await codeOf('https://api.example.test/v1/tools', '/tools', verifier)).toBe('proof_target')
  })
})
