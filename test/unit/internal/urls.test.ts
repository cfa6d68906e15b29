import { expect, test } from 'vitest'
import { isPrivateHost, readHttpsUrl } from '../../../src/internal/urls.ts'

test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '172.15.0.1', '100.128.0.1', '[2606:4700::1111]', 'as.example.com'])(
  'P30: %s may be named by a public issuer',
  (host) => {
    expect(isPrivateHost(host)).toBe(false)
  },
)

test.each([
  '127.0.0.2',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '198.18.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[fe80::1]',
  '[fd00::1]',
  '[::ffff:10.0.0.1]',
  '[64:ff9b::a00:1]',
  '[2002:a00:1::]',
  '[2001::1]',
  '[3fff::1]',
  'localhost',
  'localhost.',
  'x.localhost',
])('P30: %s may not', (host) => {
  expect(isPrivateHost(host)).toBe(true)
})

test.each([
  ' https://a.test',
  'https:a.test',
  'https:\\\\a.test',
  'https:///a.test',
  'https://a\t.test',
  'ftp://a.test',
  '/a',
])('RFC 8707 §2: %j is no absolute URL', (text) => {
  expect(readHttpsUrl(text)).toBeTypeOf('string')
})
