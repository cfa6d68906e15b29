import { resource } from '../../support/kit.ts'
import type { DoorKit } from '../kit.ts'
import { admitted, refused } from '../seen.ts'
import type { Chapter, Column } from '../table.ts'
import type { Field } from '../wire.ts'

const capitals: Column = {
  why: 'RFC 9113 §8.2.1: a field name in capitals makes the message malformed; the stream is reset',
  expect: { status: 0 },
}
const dropped: Column = {
  why: 'RFC 9113 §8.2.1: white space around a value makes the field malformed; Node drops it',
  expect: refused('credentials_missing', { on: 'none' }),
}
const text: Field = ['content-type', 'text/plain']

/** Field lines that only a raw client can send. */
export const fields: Chapter = {
  subject: 'field lines',
  app: ({ options }) => ({ options, routes: [{ path: '/tools' }, { path: '/tools', method: 'POST' }] }),
  rows: [
    {
      title: 'RFC 9110 §5.1: field names are read in any case',
      send: (kit) => kit.shot({ names: ['AUTHORIZATION', 'dPoP'] }),
      expect: admitted('/tools'),
      columns: { http2: capitals },
    },
    {
      title: 'RFC 9110 §5.1: names in different cases are one field, twice',
      send: async (kit) => kit.shot({ names: ['Authorization', 'DPoP'], fields: [['dpop', await otherProof(kit)]] }),
      expect: refused('proof_malformed'),
      columns: { http2: capitals },
    },
    {
      title: 'RFC 9110 §5.5: white space around a value is no part of it',
      send: async (kit) => {
        const { fields: sent, ...shot } = await kit.shot()
        return { ...shot, fields: sent.map(([name, value]): Field => [name, ` \t${value}\t `]) }
      },
      expect: admitted('/tools'),
      columns: { http2: dropped },
    },
    {
      title: 'RFC 9110 §11.6.2: two Authorization lines, the good one first',
      send: async (kit) => kit.shot({ fields: [['authorization', `Bearer ${await kit.token()}`]] }),
      expect: refused('request_malformed', { on: 'both' }),
    },
    {
      title: 'RFC 9110 §11.6.2: two Authorization lines, the good one last',
      send: async (kit) => {
        const shot = await kit.shot()
        return { ...shot, fields: [['authorization', `Bearer ${await kit.token()}`], ...shot.fields] }
      },
      expect: refused('request_malformed', { on: 'both' }),
    },
    {
      title: 'RFC 9110 §11.6.2: the same Authorization line twice',
      send: async (kit) => {
        const shot = await kit.shot()
        return { ...shot, fields: [...shot.fields, ...shot.fields.slice(0, 1)] }
      },
      expect: refused('request_malformed', { on: 'both' }),
    },
    {
      title: 'RFC 9110 §11.6.2: an empty Authorization line beside the good one',
      send: async (kit) => kit.shot({ fields: [['authorization', '']] }),
      expect: refused('request_malformed', { on: 'both' }),
    },
    {
      title: 'RFC 9110 §5.3: two credentials joined in one Authorization line',
      send: async (kit) => {
        const shot = await kit.shot()
        const [, dpop = ['dpop', '']] = shot.fields
        const token = await kit.token()
        return { ...shot, fields: [['authorization', `DPoP ${token}, DPoP ${token}`], dpop] }
      },
      expect: refused('request_malformed', { on: 'both' }),
    },
    {
      title: 'RFC 9449 §4.3(1): two DPoP lines',
      send: async (kit) => kit.shot({ fields: [['dpop', await otherProof(kit)]] }),
      expect: refused('proof_malformed'),
    },
    {
      title: 'RFC 9449 §4.3(1): the same DPoP line twice',
      send: async (kit) => {
        const shot = await kit.shot()
        return { ...shot, fields: [...shot.fields, ...shot.fields.slice(1)] }
      },
      expect: refused('proof_malformed'),
    },
    {
      title: 'RFC 9449 §4.3(1): an empty DPoP line beside the good one',
      send: (kit) => kit.shot({ fields: [['dpop', '']] }),
      expect: refused('proof_malformed'),
    },
    {
      title: 'RFC 9449 §4.3(1): two proofs joined in one DPoP line',
      send: async (kit) => kit.shot({ proof: `${await otherProof(kit)}, ${await otherProof(kit)}` }),
      expect: refused('proof_malformed'),
    },
    {
      title: 'RFC 9449 §4.3(2): a DPoP line that ends in a comma',
      send: async (kit) => kit.shot({ proof: `${await otherProof(kit)},` }),
      expect: refused('proof_malformed'),
    },
    {
      title: 'RFC 9110 §6.5.1: a proof in the trailers is no proof',
      send: async (kit) =>
        kit.shot({ method: 'POST', proof: null, body: 'x', trailers: [['dpop', await postProof(kit)]] }),
      expect: refused('proof_missing'),
    },
    {
      title: 'RFC 9110 §6.5.1: a proof in the trailers is no second proof either',
      send: async (kit) =>
        kit.shot({ method: 'POST', fields: [text], body: 'x', trailers: [['dpop', await postProof(kit)]] }),
      expect: admitted('/tools'),
    },
    {
      title: 'RFC 9110 §6.5.1: credentials in the trailers are none',
      send: async (kit) => ({
        method: 'POST',
        target: '/tools',
        fields: [],
        body: 'x',
        trailers: [
          ['authorization', `DPoP ${await kit.token()}`],
          ['dpop', await postProof(kit)],
        ],
      }),
      expect: refused('credentials_missing', { on: 'none' }),
    },
  ],
}

async function otherProof(kit: DoorKit): Promise<string> {
  return kit.agent.proof({ method: 'GET', url: `${resource}/tools`, token: await kit.token() })
}

async function postProof(kit: DoorKit): Promise<string> {
  return kit.agent.proof({ method: 'POST', url: `${resource}/tools`, token: await kit.token() })
}
