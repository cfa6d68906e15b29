import { createVerifier, OptionsError, type VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'

const required = { issuer: 'https://as.example.test', resource: 'https://api.example.test' }
const trustedProxies = ['10.0.0.0/8']
const custom = { name: 'x-client-cert', format: 'pem' }

function problems(certificate: unknown): readonly string[] {
  try {
    createVerifier({ ...required, mtls: { certificate } } as VerifierOptions)
    return []
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path.replace('mtls.certificate', ''))
    throw error
  }
}

const withHeader = (header: unknown) => problems({ header, trustedProxies })
const withPeers = (...peers: unknown[]) => problems({ header: 'nginx', trustedProxies: peers })

describe('mtls.certificate', () => {
  test.each(['socket', () => undefined, undefined])('Options: %o is taken', (value) => {
    expect(problems(value)).toEqual([])
  })

  test.each(['header', '', 'client-cert', null, true, 7, []])('Options: %o is not', (value) => {
    expect(problems(value)).toContain('')
  })

  test('Options: a header without trusted proxies is none, and the other way round', () => {
    expect(problems({ header: 'nginx' })).toEqual(['.trustedProxies'])
    expect(problems({ trustedProxies })).toEqual(['.header'])
    expect(problems({})).toEqual(['.header', '.trustedProxies'])
  })

  test.each(['client-cert', 'x-forwarded-client-cert', 'nginx', 'alb', 'alb-passthrough', 'traefik'])(
    'Options: the header %s is known',
    (header) => {
      expect(withHeader(header)).toEqual([])
    },
  )

  test.each(['', 'haproxy', 'toString', '__proto__', 'Nginx', null, 7, true, [], () => 'nginx'])(
    'Options: the header %o is not',
    (header) => {
      expect(withHeader(header)).toContain('.header')
    },
  )
})

describe('a header of your own', () => {
  test('Options: every form, alone and with what goes with it', () => {
    for (const format of ['rfc9440', 'xfcc', 'pem', 'pem-urlencoded', 'der-base64']) {
      expect(withHeader({ ...custom, format, chain: 'refuse' })).toEqual([])
    }
    const verified = { header: 'x-verified', equals: '0' }
    expect(withHeader({ ...custom, chain: 'leaf-first', verified })).toEqual([])
  })

  test.each<readonly [string, unknown]>([
    ['.name', { format: 'pem' }],
    ['.format', { name: 'x-cert' }],
    ['.name', { ...custom, name: '' }],
    ['.name', { ...custom, name: 'x cert' }],
    ['.name', { ...custom, name: 'x-cert:' }],
    ['.name', { ...custom, name: ':path' }],
    ['.name', { ...custom, name: 'x-cert\r\n' }],
    ['.name', { ...custom, name: 'Authorization' }],
    ['.name', { ...custom, name: 'dpop' }],
    ['.name', { ...custom, name: 'a-b-c-d-e-f-g-h' }],
    ['.format', { ...custom, format: 'der' }],
    ['.format', { ...custom, format: null }],
    ['.chain', { ...custom, chain: 'leaf-last' }],
    ['.chain', { ...custom, chain: true }],
    ['.chain', { ...custom, format: 'rfc9440', chain: 'leaf-first' }],
    ['.chain', { ...custom, format: 'xfcc', chain: 'leaf-first' }],
    ['.verified', { ...custom, verified: 'x-verified' }],
    ['.verified.equals', { ...custom, verified: { header: 'x-verified' } }],
    ['.verified.equals', { ...custom, verified: { header: 'x-verified', equals: '' } }],
    ['.verified.equals', { ...custom, verified: { header: 'x-verified', equals: 0 } }],
    ['.verified.header', { ...custom, verified: { equals: '0' } }],
    ['.verified.header', { ...custom, verified: { header: 'x verified', equals: '0' } }],
    ['.verified.header', { ...custom, verified: { header: 'X-Client-Cert', equals: '0' } }],
    ['.other', { ...custom, other: 1 }],
  ])('Options: header%s of %o is named', (at, header) => {
    expect(withHeader(header)).toContain(`.header${at}`)
  })
})

describe('trusted proxies', () => {
  test.each([
    '10.0.0.1',
    '10.0.0.0/8',
    '10.0.0.1/8',
    '0.0.0.0/0',
    '::1',
    '2001:db8::/32',
    '::ffff:10.0.0.0/104',
    'unix',
    'host',
  ])('Options: %s is taken', (peer) => {
    expect(withPeers(peer)).toEqual([])
  })

  test.each([
    '',
    'localhost',
    'proxy.example.com',
    '*',
    'loopback',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '010.0.0.1',
    '10.0.0.1:80',
    '[::1]',
    '::1/129',
    '::ffff:10.0.0.0/95',
    'fe80::1%eth0',
    'Unix',
    null,
    7,
    {},
  ])('Options: %o is not', (peer) => {
    expect(withPeers('10.0.0.1', peer)).toEqual(['.trustedProxies[1]'])
  })

  test.each([[[]], ['10.0.0.1'], [null], [{}]])('Options: %o is no list of them', (value) => {
    expect(problems({ header: 'nginx', trustedProxies: value })).toEqual(['.trustedProxies'])
  })
})

describe('describe()', () => {
  const certificateOf = (
    certificate: NonNullable<NonNullable<Exclude<VerifierOptions['mtls'], false>>['certificate']>,
  ) => {
    const { mtls } = createVerifier({ ...required, mtls: { certificate } }).describe()
    return mtls === false ? false : mtls.certificate
  }

  test('Describe: where certificates come from, and what the proxy has to do', () => {
    expect(certificateOf('socket')).toBe('socket')
    expect(certificateOf(() => undefined)).toBe('function')
    const nginx = certificateOf({ header: 'nginx', trustedProxies })
    expect(nginx).toMatchObject({
      header: 'ssl-client-cert',
      format: 'pem-urlencoded',
      chain: 'refuse',
      verified: null,
      trustedProxies,
    })
    expect(nginx).toMatchObject({ requires: expect.stringMatching(/proxy must remove .*ssl-client-cert/) })
    const verified = { header: 'X-Verified', equals: '0' }
    expect(certificateOf({ header: { name: 'X-Cert', format: 'der-base64', verified }, trustedProxies })).toMatchObject(
      {
        header: 'x-cert',
        chain: 'refuse',
        verified: { header: 'x-verified', equals: '0' },
      },
    )
  })

  test('Describe: a change of the list afterwards changes nothing', () => {
    const peers = ['10.0.0.1']
    const verifier = createVerifier({ ...required, mtls: { certificate: { header: 'nginx', trustedProxies: peers } } })
    peers.push('0.0.0.0/0')
    expect(verifier.describe().mtls).toMatchObject({ certificate: { trustedProxies: ['10.0.0.1'] } })
  })
})
