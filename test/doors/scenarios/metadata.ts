import { resource as origin } from '../../support/kit.ts'
import { refused, type Seen } from '../seen.ts'
import type { Chapter, Row } from '../table.ts'

const wellKnown = '/.well-known/oauth-protected-resource'
const algs = 'ES256 ES384 Ed25519 EdDSA PS256'

/** RFC 9728: the document, its path, and the way to it. */
/** These doors listen without TLS, so no client certificate can arrive. */
const overPlain = { dpop_bound_access_tokens_required: true, tls_client_certificate_bound_access_tokens: undefined }
const whyWeb = 'a web request does not tell whether its connection is TLS'

export const metadata: readonly Chapter[] = [
  {
    subject: 'metadata of an app',
    app: ({ options }) => ({
      options,
      routes: [
        { path: '/tools', requirement: { scopes: ['tools:read'] } },
        { path: '/either', requirement: { anyScope: ['tools:read', 'tools:any'] } },
        { mount: '/v1', path: '/tools', method: 'POST', requirement: { scopes: ['tools:write'] } },
        { path: '/secret', requirement: { scopes: ['internal'], hidden: true } },
      ],
    }),
    rows: [
      get('RFC 9728 §3: the document is there without credentials', wellKnown, {
        scopes_supported: ['tools:read', 'tools:any', 'tools:write'],
      }),
      {
        title: 'RFC 9728 §3.1: the document is open to GET alone',
        send: async () => ({ method: 'POST', target: wellKnown, fields: [] }),
        expect: refused('credentials_missing', { on: 'none' }),
      },
      {
        title: 'RFC 9728 §3.1: the path is exact',
        send: async () => ({ method: 'GET', target: `${wellKnown}/`, fields: [] }),
        expect: refused('credentials_missing', { on: 'none' }),
      },
      {
        title: 'Guard: a path that only resolves to the document is not open',
        send: async () => ({ method: 'GET', target: `/tools/..${wellKnown}`, fields: [] }),
        expect: refused('credentials_missing', { on: 'none' }),
        columns: {
          'web request': {
            why: 'a Request resolves dot segments (URL standard)',
            expect: document({ scopes_supported: ['tools:read', 'tools:any', 'tools:write'] }),
          },
        },
      },
      {
        title: 'Guard: the path of the document with a query is not open',
        send: async () => ({ method: 'GET', target: `${wellKnown}?x=1`, fields: [] }),
        expect: refused('credentials_missing', { on: 'none' }),
      },
    ],
  },
  {
    subject: 'metadata of another app in the same process',
    app: ({ options }) => ({ options, routes: [{ path: '/other', requirement: { scopes: ['other'] } }] }),
    rows: [get('RFC 9728 §2: two apps do not share their scopes', wellKnown, { scopes_supported: ['other'] })],
  },
  {
    subject: 'metadata of a resource with a path',
    app: ({ options }) => ({
      options: { ...options, resource: `${origin}/v1`, mtls: false, access: { scopes: ['base'] } },
      routes: [{ path: '/v1/tools' }],
    }),
    rows: [
      get('RFC 9728 §3.1: the well-known part stands before the path', `${wellKnown}/v1`, {
        resource: `${origin}/v1`,
        scopes_supported: ['base'],
        dpop_bound_access_tokens_required: true,
        tls_client_certificate_bound_access_tokens: undefined,
      }),
      {
        title: 'RFC 9728 §3.1: the path without it is another resource',
        send: async () => ({ method: 'GET', target: wellKnown, fields: [] }),
        expect: {
          ...refused('credentials_missing', { on: 'none' }),
          challenges: { DPoP: { scope: 'base', algs, resource_metadata: `${origin}${wellKnown}/v1` } },
        },
      },
    ],
  },
  {
    subject: 'no metadata',
    app: ({ options }) => ({ options: { ...options, metadata: false }, routes: [{ path: '/tools' }] }),
    rows: [
      {
        title: 'RFC 9728 §5.1: without the document it is not advertised',
        send: async () => ({ method: 'GET', target: wellKnown, fields: [] }),
        expect: {
          ...refused('credentials_missing', { on: 'none' }),
          challenges: { Bearer: {}, DPoP: { algs } },
        },
      },
    ],
  },
]

function get(title: string, target: string, { scopes_supported, ...members }: Record<string, unknown>): Row {
  const isOfFloor = target !== wellKnown
  const why = 'only the floor and the option `metadata` can name scopes'
  return {
    title,
    send: async () => ({ method: 'GET', target, fields: [] }),
    expect: document({ ...overPlain, ...members, scopes_supported }),
    columns: {
      'web request': { why: whyWeb, expect: document({ ...members, scopes_supported }) },
      ...(!isOfFloor && { 'requirement at the request': { why, expect: document({ ...overPlain, ...members }) } }),
    },
  }
}

function document(members: Record<string, unknown>): Seen {
  return {
    status: 200,
    type: 'application/json',
    cache: 'max-age=3600',
    body: {
      resource: origin,
      authorization_servers: ['https://as.example.test'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: algs.split(' '),
      tls_client_certificate_bound_access_tokens: true,
      ...members,
    },
  }
}
