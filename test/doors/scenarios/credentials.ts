import { resource } from '../../support/kit.ts'
import { like } from '../like.ts'
import { admitted, refused } from '../seen.ts'
import type { Chapter, Row } from '../table.ts'

const byAgent = {
  principal: { subject: 'alice', kind: 'human' },
  actor: { subject: 'travel-7', kind: 'agent' },
}

/** Good requests, and requests without usable credentials. */
export const credentials: Chapter = {
  subject: 'credentials',
  app: ({ options }) => ({
    options,
    routes: [{ path: '/tools' }, { path: '/tools', method: 'POST' }],
  }),
  rows: [
    {
      title: 'RFC 9449 §7.1: a token and its proof are admitted, for the human and by the agent',
      send: (kit) => kit.shot(),
      expect: admitted('/tools', {
        principal: like(byAgent.principal),
        actor: like(byAgent.actor),
        authority: 'delegated',
        scopes: ['tools:read'],
        sender: like({ method: 'dpop' }),
      }),
    },
    {
      title: 'RFC 8693 §4.1: a chain of actors comes through whole',
      send: (kit) => kit.shot({ token: { via: [kit.planner] } }),
      expect: admitted('/tools', {
        actor: like(byAgent.actor),
        delegation: like({ depth: 2, chain: [like({ subject: 'travel-7' }), like({ subject: 'planner-2' })] }),
      }),
    },
    {
      title: 'RFC 9068 §2.2: an agent for itself is its own actor',
      send: (kit) => kit.shot({ token: { human: undefined } }),
      expect: admitted('/tools', {
        principal: like({ subject: 'travel-7' }),
        actor: like({ subject: 'travel-7' }),
        authority: 'independent',
        delegation: null,
      }),
    },
    {
      title: 'RFC 9449 §4.2: a POST with a body needs a proof for POST',
      send: (kit) => kit.shot({ method: 'POST', body: '{"a":1}', fields: [['content-type', 'application/json']] }),
      expect: admitted('/tools', { actor: like(byAgent.actor) }),
    },
    {
      title: 'RFC 9110 §11.1: the scheme is read in any case',
      send: (kit) => kit.shot({ scheme: 'dPOP' }),
      expect: admitted('/tools', { actor: like(byAgent.actor) }),
    },
    {
      title: 'RFC 6750 §3.1: without credentials the challenges carry no error',
      send: async () => ({ method: 'GET', target: '/tools', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 6750 §3.1: another scheme counts as no credentials',
      send: async () => ({ method: 'GET', target: '/tools', fields: [['authorization', 'Basic dXNlcjpwYXNz']] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 9449 §7.1: the scheme without a token is a malformed request',
      send: async () => ({ method: 'GET', target: '/tools', fields: [['authorization', 'DPoP']] }),
      expect: refused('request_malformed', { on: 'both' }),
    },
    ...[
      ['two tokens', 'DPoP one two'],
      ['a token of other characters', 'DPoP \u00e9\u00e8'],
      ['a token over 8 192 bytes', `DPoP ${'a'.repeat(8_193)}`],
    ].map(([name = '', value = '']): Row => {
      return {
        title: `RFC 9449 §7.1: ${name} in one line is a malformed request`,
        send: async () => ({ method: 'GET', target: '/tools', fields: [['authorization', value]] }),
        expect: refused('request_malformed', { on: 'both' }),
      }
    }),
    {
      title: 'RFC 6750 §3.1: an empty Authorization line counts as no credentials',
      send: async () => ({ method: 'GET', target: '/tools', fields: [['authorization', '']] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 6750 §3.1: another scheme with a list of parameters counts as no credentials',
      send: async () => ({ method: 'GET', target: '/tools', fields: [['authorization', 'Digest a="b", c="d"']] }),
      expect: refused('credentials_missing', { on: 'none' }),
      columns: {
        'web request': {
          why: 'a Request joins repeated fields with commas, so a comma in Authorization counts as several lines',
          expect: refused('request_malformed', { on: 'both' }),
        },
      },
    },
    {
      title: 'RFC 9700 §4.3.2: a token in the query is not read',
      send: async (kit) => ({ method: 'GET', target: `/tools?access_token=${await kit.token()}`, fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 6750 §2.2: a token in a form is not read',
      send: async (kit) => ({
        method: 'POST',
        target: '/tools',
        fields: [['content-type', 'application/x-www-form-urlencoded']],
        body: `access_token=${await kit.token()}`,
      }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 9449 §7.1: a proof alone is no credentials',
      send: async ({ agent }) => ({
        method: 'GET',
        target: '/tools',
        fields: [['dpop', await agent.proof({ method: 'GET', url: `${resource}/tools` })]],
      }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
  ],
}
