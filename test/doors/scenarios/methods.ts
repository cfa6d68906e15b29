import { resource } from '../../support/kit.ts'
import { admitted, refused } from '../seen.ts'
import type { Chapter } from '../table.ts'

const noBody = { status: 200, type: 'application/json' }

/** Methods beside GET and POST, and requests without a route. */
export const methods: Chapter = {
  subject: 'methods and missing routes',
  app: ({ options }) => ({
    options,
    routes: [
      { path: '/tools' },
      { path: '/tools', method: 'OPTIONS' },
      { path: '/admin', requirement: { scopes: ['admin'] } },
    ],
  }),
  rows: [
    {
      title: 'RFC 9110 §9.3.2: HEAD with a proof for HEAD is admitted, without a body',
      send: (kit) => kit.shot({ method: 'HEAD' }),
      expect: noBody,
    },
    {
      title: 'RFC 9449 §4.3(8): HEAD with a proof for GET is refused',
      send: (kit) => kit.shot({ method: 'HEAD', proof: { claims: { htm: 'GET' } } }),
      expect: refused('proof_method', { isHead: true }),
    },
    {
      title: 'RFC 9110 §9.3.2: HEAD without credentials hears the same challenges',
      send: async () => ({ method: 'HEAD', target: '/tools', fields: [] }),
      expect: refused('credentials_missing', { on: 'none', isHead: true }),
    },
    {
      title: 'RFC 9110 §9.3.2: HEAD of a route has the requirement of its GET',
      send: (kit) => kit.shot({ method: 'HEAD', target: '/admin' }),
      expect: refused('scope_missing', { needs: { scope: 'admin' }, isHead: true }),
    },
    {
      title: 'RFC 9449 §4.3(8): OPTIONS needs a proof for OPTIONS like any method',
      send: (kit) => kit.shot({ method: 'OPTIONS' }),
      expect: admitted('/tools'),
    },
    {
      title: 'RFC 9449 §4.3(8): OPTIONS with a proof for GET is refused',
      send: (kit) => kit.shot({ method: 'OPTIONS', proof: { claims: { htm: 'GET' } } }),
      expect: refused('proof_method'),
    },
    {
      title: 'Fetch §3.2.2: a CORS preflight that reaches the guard is refused like any request',
      send: async () => ({
        method: 'OPTIONS',
        target: '/tools',
        fields: [
          ['origin', 'https://app.example.com'],
          ['access-control-request-method', 'GET'],
          ['access-control-request-headers', 'authorization,dpop'],
        ],
      }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 9449 §4.3(8): the method is compared with its case',
      send: (kit) => kit.shot({ proof: { claims: { htm: 'get' } } }),
      expect: refused('proof_method'),
    },
    {
      title: 'ORDER: a missing route is refused before it is a 404',
      send: async () => ({ method: 'GET', target: '/nothing/here', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'ORDER: a missing route with a proof for another is refused before it is a 404',
      send: (kit) => kit.shot({ target: '/nothing/here', url: `${resource}/tools` }),
      expect: refused('proof_target'),
    },
    {
      title: 'ORDER: a missing route with good credentials is a 404',
      send: (kit) => kit.shot({ target: '/nothing/here' }),
      expect: { status: 404 },
    },
    {
      title: 'ORDER: a method without a route is refused before it is a 404',
      send: async () => ({ method: 'DELETE', target: '/tools', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'ORDER: a method without a route, with good credentials, is a 404',
      send: (kit) => kit.shot({ method: 'DELETE' }),
      expect: { status: 404 },
    },
    {
      title: 'ORDER: a method that the framework may not know is refused before the framework answers',
      send: async () => ({ method: 'PROPFIND', target: '/tools', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
  ],
}
