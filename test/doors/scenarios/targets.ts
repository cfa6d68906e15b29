import { resource } from '../../support/kit.ts'
import { like } from '../like.ts'
import { admitted, refused, type Seen } from '../seen.ts'
import type { Chapter, Column, Row } from '../table.ts'
import type { Field } from '../wire.ts'

const reset: Column = {
  why: 'RFC 9113 §8.3.1: :path is in origin form, so the stream is reset',
  expect: { status: 0 },
}

const badUrl: Column = {
  why: 'Fastify answers 400 to a path it cannot decode, before any hook',
  expect: { status: 400, type: 'application/json', body: like({ code: 'FST_ERR_BAD_URL' }) },
}

/** Request targets in every form; `/any/*` takes any path. */
export const targets: Chapter = {
  subject: 'request targets',
  app: ({ options }) => ({
    options,
    routes: [{ path: '/tools' }, { path: '/tools', method: 'OPTIONS' }, { path: '/any/*' }],
  }),
  rows: [
    good('RFC 9449 §4.3(9): the query is no part of htu', '/any/a?x=1&y=%2F..%2F', '/any/a'),
    good('RFC 9449 §4.3(9): an htu with a query is compared without it', '/any/a?x=1', '/any/a?y=2#f'),
    good('RFC 3986 §6.2.2.1: percent-case of the target', '/any/a%c3%a9b', '/any/a%C3%A9b'),
    good('RFC 3986 §6.2.2.2: an unreserved character, encoded in the target', '/any/%61bc', '/any/abc'),
    good('RFC 3986 §6.2.2.2: an unreserved character, encoded in htu', '/any/abc', '/any/%61bc'),
    good('RFC 3986 §6.2.2.3: dot segments of htu', '/any/b', '/any/a/../b'),
    good('RFC 9112 §3.2: a fragment that a client sends is no part of the path', '/any/a#b', '/any/a'),
    good('RFC 3986 §3.3: an encoded slash stands for itself', '/any/a%2Fb', '/any/a%2fb'),
    good('RFC 3986 §3.3: an empty segment counts', '/any//a', '/any//a'),
    good('RFC 3986 §3.3: a trailing slash in both', '/any/a/', '/any/a/'),
    bad('RFC 3986 §3.3: a trailing slash in the target only', '/any/a/', '/any/a'),
    bad('RFC 3986 §3.3: a trailing slash in htu only', '/any/a', '/any/a/'),
    bad('RFC 3986 §3.3: an encoded slash is no slash', '/any/a%2Fb', '/any/a/b'),
    bad('RFC 3986 §3.3: an empty segment is not nothing', '/any//a', '/any/a'),
    bad('RFC 3986 §6.2.2.1: the path has its case', '/any/a', '/any/A'),
    bad('RFC 3986 §3.2.2: another host in htu', '/any/a', 'https://evil.test/any/a'),
    bad('RFC 3986 §3.1: another scheme in htu', '/any/a', 'http://api.example.test/any/a'),

    {
      ...good('RFC 3986 §2: characters that are none of a URL, in target and htu alike', '/any/{a}"', '/any/{a}"'),
      columns: {
        'web request': {
          why: 'a Request writes them with percents (URL standard), and htu does not hold a URL',
          expect: refused('proof_target'),
        },
      },
    },
    {
      ...good('RFC 3986 §2.1: a percent that encodes nothing, in target and htu alike', '/any/%zz', '/any/%zz'),
      columns: { 'fastify router': badUrl },
    },
    {
      title: 'RFC 3986 §2.1: a percent that encodes nothing, without credentials',
      send: async () => ({ method: 'GET', target: '/any/%zz', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
      columns: { 'fastify router': badUrl },
    },

    rewritten('RFC 3986 §5.2.4: dot segments in the target', '/any/a/../b', '/any/b'),
    rewritten('RFC 3986 §5.2.4: dot segments in the target, as in htu', '/any/a/../b', '/any/a/../b'),
    rewritten('RFC 3986 §5.2.4: an encoded dot segment in the target', '/any/a/%2e%2E/b', '/any/b'),
    rewritten('RFC 3986 §5.2.4: a single dot in the target', '/any/./b', '/any/b'),
    ...separators(),

    {
      title: 'RFC 9112 §3.2.2: the absolute form of our own origin',
      send: (kit) => kit.shot({ target: `${resource}/any/a`, url: `${resource}/any/a` }),
      expect: admitted('/any/*'),
      columns: { http2: reset },
    },
    {
      title: 'RFC 9112 §3.2.2: the absolute form of another origin',
      send: (kit) => kit.shot({ target: 'https://evil.test/any/a', url: `${resource}/any/a` }),
      expect: refused('proof_target'),
      columns: { http2: reset },
    },
    {
      title: 'RFC 9112 §3.2.2: the absolute form with case and port to normalise',
      send: (kit) => kit.shot({ target: 'HTTPS://API.example.test:443/any/a', url: `${resource}/any/a` }),
      expect: admitted('/any/*'),
      columns: {
        http2: reset,
        'web request': { why: 'its host answers 400 to a scheme in capitals', expect: { status: 400 } },
      },
    },
    {
      title: 'RFC 9112 §3.2.2: the absolute form with a name before our host',
      send: (kit) => kit.shot({ target: 'https://evil@api.example.test/any/a', url: `${resource}/any/a` }),
      expect: refused('proof_target'),
      columns: { http2: reset },
    },
    {
      title: 'RFC 9112 §3.2.4: the asterisk form',
      send: (kit) => kit.shot({ method: 'OPTIONS', target: '*', url: `${resource}/tools` }),
      expect: refused('proof_target'),
      columns: {
        'web request': { why: 'a Request has no asterisk form: its host answers 400 itself', expect: { status: 400 } },
      },
    },

    {
      title: 'RFC 9110 §7.2: a Host that is none changes nothing for a good proof',
      send: (kit) => kit.shot({ target: '/any/a', fields: [['host', 'evil.test/any/b?']] }),
      expect: admitted('/any/*'),
      columns: {
        http2: { why: 'RFC 9113 §8.3.1: :authority is no such thing, so the stream is reset', expect: { status: 0 } },
        'web request': { why: 'no URL can be made of it: its host answers 400', expect: { status: 400 } },
      },
    },
    ...[
      ['Host', 'evil.test'],
      ['host', 'evil.test:8443'],
      ['x-forwarded-host', 'evil.test'],
      ['x-forwarded-proto', 'http'],
      ['x-forwarded-prefix', '/other'],
      ['x-forwarded-uri', '/other'],
      ['forwarded', 'host=evil.test;proto=http'],
      ['x-original-url', '/other'],
      ['x-rewrite-url', '/other'],
      ['x-http-method-override', 'POST'],
      ['x-method-override', 'DELETE'],
    ].map(([name = '', value = '']): Row => fieldIgnored([name.toLowerCase(), value])),
    ...[
      ['host', 'evil.test', 'https://evil.test/any/a'],
      ['x-forwarded-host', 'evil.test', 'https://evil.test/any/a'],
      ['x-forwarded-proto', 'http', 'http://api.example.test/any/a'],
      ['forwarded', 'host=evil.test', 'https://evil.test/any/a'],
      ['x-original-url', '/other', `${resource}/other`],
      ['x-forwarded-prefix', '/other', `${resource}/other/any/a`],
    ].map(([name = '', value = '', url = '']): Row => fieldNotBelieved([name, value], url)),
  ],
}

function good(title: string, target: string, htu: string): Row {
  return aimed(`${title}: admitted`, target, htu, admitted('/any/*'))
}

function bad(title: string, target: string, htu: string): Row {
  return aimed(`${title}: refused`, target, htu, refused('proof_target'))
}

/** `new Request()` resolves dot segments and turns `\` into `/` before our code runs. */
function rewritten(title: string, target: string, htu: string): Row {
  const why = 'a Request resolves dot segments (URL standard), so the guard and the router see one path'
  return { ...bad(title, target, htu), columns: { 'web request': { why, expect: admitted('/any/*') } } }
}

function separators(): readonly Row[] {
  const refusal = bad('RFC 3986 §2.2: a backslash in the target', '/any/a\\b', '/any/a/b')
  const slashes = bad('RFC 9112 §3.2.1: a target that begins with two slashes', '//any/a', '/any/a')
  return [
    {
      ...refusal,
      columns: { 'web request': { why: 'its host answers 400 to a backslash itself', expect: { status: 400 } } },
    },
    slashes,
  ]
}

function aimed(title: string, target: string, htu: string, expect: Seen): Row {
  const url = htu.startsWith('http') ? htu : resource + htu
  return { title, send: (kit) => kit.shot({ target, proof: { claims: { htu: url } } }), expect }
}

function fieldIgnored(field: Field): Row {
  return {
    title: `RFC 9449 §4.3(9): ${field.join(': ')} changes nothing for a good proof`,
    send: (kit) => kit.shot({ target: '/any/a', fields: [field] }),
    expect: admitted('/any/*'),
  }
}

function fieldNotBelieved(field: Field, url: string): Row {
  return {
    title: `RFC 9449 §4.3(9): ${field.join(': ')} does not make a proof for ${url} good`,
    send: (kit) => kit.shot({ target: '/any/a', url, fields: [field] }),
    expect: refused('proof_target'),
  }
}
