import { resource } from '../../support/kit.ts'
import { admitted, refused } from '../seen.ts'
import type { Chapter } from '../table.ts'

/** A host that leaves `rawHeaders` empty and joins repeated fields; for fetch, one that makes the Request from such fields. */
export const serverless: Chapter = {
  subject: 'a serverless host',
  app: ({ options }) => ({ options, isServerless: true, routes: [{ path: '/tools' }] }),
  rows: [
    {
      title: 'RFC 9449 §7.1: good credentials are admitted',
      send: (kit) => kit.shot(),
      expect: admitted('/tools'),
    },
    {
      title: 'RFC 6750 §3.1: none are missing credentials',
      send: async () => ({ method: 'GET', target: '/tools', fields: [] }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
    {
      title: 'RFC 9110 §5.3: a comma in Authorization counts as several lines',
      send: async (kit) => kit.shot({ fields: [['authorization', `DPoP ${await kit.token()}`]] }),
      expect: refused('request_malformed', { on: 'both' }),
    },
    {
      title: 'RFC 9110 §5.3: a comma in DPoP counts as several lines',
      send: async (kit) => {
        const proof = await kit.agent.proof({ method: 'GET', url: `${resource}/tools`, token: await kit.token() })
        return kit.shot({ fields: [['dpop', proof]] })
      },
      expect: refused('proof_malformed'),
    },
    {
      title: 'RFC 9110 §5.3: so does a comma in the parameters of another scheme',
      send: async () => ({ method: 'GET', target: '/tools', fields: [['authorization', 'Digest a="b", c="d"']] }),
      expect: refused('request_malformed', { on: 'both' }),
    },
  ],
}
