import { admitted, refused } from '../seen.ts'
import type { Chapter, Column, Row } from '../table.ts'

const cannotHappen: Column = { why: 'the requirement is judged by the guard itself: there is no pair', expect: null }

/** Guards mounted twice, missing guards, and hooks that see refusals. */
export const guards: readonly Chapter[] = [
  {
    subject: 'the guard mounted twice',
    app: ({ options }) => ({
      options,
      guards: 2,
      routes: [{ path: '/tools', requirement: { scopes: ['tools:read'] } }],
    }),
    rows: [
      {
        title: 'Guard: mounted twice, it does not take its own proof for a replay',
        send: (kit) => kit.shot(),
        expect: admitted('/tools'),
      },
      {
        title: 'RFC 9449 §11.1: mounted twice, the guard refuses a second request with that proof',
        send: async (kit) => {
          const shot = await kit.shot()
          return [shot, shot]
        },
        expect: refused('proof_replayed'),
      },
    ],
  },
  {
    subject: 'a requirement without a guard',
    app: ({ options }) => ({
      options,
      guardedMount: '/guarded',
      routes: [
        { mount: '/guarded', path: '/tools' },
        { path: '/forgotten', requirement: { scopes: ['tools:read'] } },
      ],
    }),
    rows: [
      {
        title: 'Guard: a requirement without a guard before it is a 500, with good credentials too',
        send: (kit) => kit.shot({ target: '/forgotten' }),
        expect: { status: 500 },
        columns: { 'one call': cannotHappen },
      },
      {
        title: 'Guard: a requirement without a guard before it is a 500 without credentials',
        send: async () => ({ method: 'GET', target: '/forgotten', fields: [] }),
        expect: { status: 500 },
        columns: { 'one call': cannotHappen },
      },
    ],
  },
  {
    subject: 'onRefusal with a body',
    app: ({ options }) => ({
      options,
      onRefusal: ({ code }) => ({ body: { sorry: code } }),
      routes: [{ path: '/tools' }, { path: '/admin', requirement: { scopes: ['admin'] } }],
    }),
    rows: [
      {
        title: 'onRefusal: it changes the body; status and challenges stay',
        send: (kit) => kit.shot({ proof: null }),
        expect: { ...refused('proof_missing'), body: { sorry: 'proof_missing' } },
      },
      {
        title: 'onRefusal: it sees the refusals of routes too',
        send: (kit) => kit.shot({ target: '/admin' }),
        expect: { ...refused('scope_missing', { needs: { scope: 'admin' } }), body: { sorry: 'scope_missing' } },
      },
      {
        title: 'onRefusal: it is not called for an admitted request',
        send: (kit) => kit.shot(),
        expect: admitted('/tools'),
      },
    ],
  },
  {
    subject: 'onRefusal that hands over',
    app: ({ options }) => ({
      options,
      onRefusal: () => ({ handOver: true }),
      routes: [{ path: '/tools' }, { path: '/admin', requirement: { scopes: ['admin'] } }],
    }),
    rows: [
      {
        title: 'onRefusal: a refusal handed over goes to the framework, with status and challenges',
        send: (kit) => kit.shot({ proof: null }),
        ...handedOver('proof_missing'),
      },
      {
        title: 'onRefusal: so does the refusal of a route',
        send: (kit) => kit.shot({ target: '/admin' }),
        ...handedOver('scope_missing', { needs: { scope: 'admin' } }),
      },
    ],
  },
  {
    subject: 'onRefusal that would admit',
    app: ({ options }) => ({
      options,
      onRefusal: (refusal) => {
        Object.assign(refusal.facts, { ok: true })
        return { ok: true, status: 200, admit: true, handOver: false } as { body?: unknown }
      },
      routes: [{ path: '/tools' }],
    }),
    rows: [
      {
        title: 'onRefusal: no answer of the hook admits the request',
        send: (kit) => kit.shot({ proof: null }),
        expect: refused('proof_missing'),
      },
    ],
  },
  {
    subject: 'onRefusal that throws',
    app: ({ options }) => ({
      options,
      onRefusal: () => {
        throw new Error('the hook failed')
      },
      routes: [{ path: '/tools' }],
    }),
    rows: [
      {
        title: 'onRefusal: a hook that fails changes nothing',
        send: (kit) => kit.shot({ proof: null }),
        expect: refused('proof_missing'),
      },
    ],
  },
]

function handedOver(...[code, how]: Parameters<typeof refused>): Pick<Row, 'expect' | 'columns'> {
  const { exposed, ...rest } = { ...refused(code, how), type: 'application/json', body: { handed: code } }
  const why = 'the error is thrown to the caller, who writes its headers into a response of its own'
  return {
    expect: { ...rest, ...(exposed && { exposed }) },
    columns: { 'web request': { why, expect: rest } },
  }
}
