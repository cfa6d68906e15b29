import { resource } from '../../support/kit.ts'
import { admitted, refused } from '../seen.ts'
import type { Chapter } from '../table.ts'

const admin = { scopes: ['admin'] }

/** Routers under a prefix, and prefixes that only the public URL has. */
export const mounts: readonly Chapter[] = [
  {
    subject: 'a mounted router behind the guard',
    app: ({ options }) => ({
      options,
      routes: [
        { mount: '/v1', path: '/tools' },
        { mount: '/v1', path: '/admin', requirement: admin },
      ],
    }),
    rows: [
      {
        title: 'RFC 9449 §4.3(9): htu has the mount prefix',
        send: (kit) => kit.shot({ target: '/v1/tools' }),
        expect: admitted('/v1/tools'),
      },
      {
        title: 'RFC 9449 §4.3(9): an htu without the mount prefix is refused',
        send: (kit) => kit.shot({ target: '/v1/tools', url: `${resource}/tools` }),
        expect: refused('proof_target'),
      },
      {
        title: 'RFC 6750 §3.1: a requirement in a mounted router holds',
        send: (kit) => kit.shot({ target: '/v1/admin' }),
        expect: refused('scope_missing', { needs: { scope: 'admin' } }),
      },
    ],
  },
  {
    subject: 'the guard inside a mounted router',
    app: ({ options }) => ({
      options,
      guardedMount: '/v1',
      routes: [
        { path: '/health' },
        { mount: '/v1', path: '/tools' },
        { mount: '/v1', path: '/admin', requirement: admin },
      ],
    }),
    rows: [
      {
        title: 'RFC 9449 §4.3(9): htu has the mount prefix there too',
        send: (kit) => kit.shot({ target: '/v1/tools' }),
        expect: admitted('/v1/tools'),
      },
      {
        title: 'RFC 9449 §4.3(9): an htu without the mount prefix is refused there too',
        send: (kit) => kit.shot({ target: '/v1/tools', url: `${resource}/tools` }),
        expect: refused('proof_target'),
      },
      {
        title: 'RFC 6750 §3.1: a requirement beside the guard holds',
        send: (kit) => kit.shot({ target: '/v1/admin' }),
        expect: refused('scope_missing', { needs: { scope: 'admin' } }),
      },
      {
        title: 'Guard: a path outside the guarded router needs no credentials',
        send: async () => ({ method: 'GET', target: '/health', fields: [] }),
        expect: { status: 200, type: 'application/json', body: { reached: '/health', context: null } },
      },
    ],
  },
  {
    subject: 'a prefix that a proxy takes away',
    app: ({ options }) => ({
      options: { ...options, publicUrl: [`${resource}/gw`, 'https://alias.example.test'] },
      routes: [{ path: '/tools' }],
    }),
    rows: [
      {
        title: 'RFC 9449 §4.3(9): htu is the public URL, prefix and all',
        send: (kit) => kit.shot({ url: `${resource}/gw/tools` }),
        expect: admitted('/tools'),
      },
      {
        title: 'RFC 9449 §4.3(9): each public URL of several is good',
        send: (kit) => kit.shot({ url: 'https://alias.example.test/tools' }),
        expect: admitted('/tools'),
      },
      {
        title: 'RFC 9449 §4.3(9): the origin of the resource alone is no public URL then',
        send: (kit) => kit.shot({ url: `${resource}/tools` }),
        expect: refused('proof_target'),
      },
    ],
  },
]
