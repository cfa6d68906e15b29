import type { IssuerOptions, RefusalCode, VerifierOptions } from 'onbehalf'
import { refused } from '../seen.ts'
import type { Chapter } from '../table.ts'

/** Our own outages, one app each: never a 401, never a challenge. */
export const outages: readonly Chapter[] = [
  chapter('rate_limited', 'RFC 6585 §4: a client over its quota', { dpop: { replay: { add: () => 'quota' } } }),
  chapter('replay_unavailable', 'RFC 9110 §15.6.4: a full replay memory', { dpop: { replay: { add: () => 'full' } } }),
  chapter('replay_unavailable', 'RFC 9110 §15.6.4: a replay store that fails', {
    dpop: { replay: { add: () => Promise.reject(new Error('down')) } },
  }),
  chapter('revocation_unavailable', 'RFC 9110 §15.6.4: a revocation source that fails', {
    revocation: { isRevoked: () => Promise.reject(new Error('down')) },
  }),
  chapter('directory_unavailable', 'RFC 9110 §15.6.4: a directory that fails', {
    delegation: { directory: () => Promise.reject(new Error('down')) },
  }),
  chapter('audit_unavailable', 'RFC 9110 §15.6.4: a required audit sink that fails', {
    audit: { sink: { write: () => Promise.reject(new Error('down')) }, required: true },
  }),
  chapter('keys_unavailable', 'RFC 9110 §15.6.4: an issuer that cannot be reached', {
    issuer: 'https://as.example.test',
    fetch: () => Promise.reject(new Error('down')),
  }),
  chapter(
    'introspection_unavailable',
    'RFC 7662 §2.3: an introspection endpoint that cannot be reached',
    ({ issuer }) => ({
      issuer: { ...(issuer as IssuerOptions), introspection: { client: { id: 'api', secret: 'secret' }, for: 'all' } },
      fetch: () => Promise.reject(new Error('down')),
    }),
  ),
]

type More = Partial<VerifierOptions> | ((options: VerifierOptions) => Partial<VerifierOptions>)

function chapter(code: RefusalCode, title: string, more: More): Chapter {
  return {
    subject: title,
    app: ({ options }) => ({
      options: { ...options, ...(typeof more === 'function' ? more(options) : more) },
      routes: [{ path: '/tools' }],
    }),
    rows: [{ title: `${title} is ${code}`, send: (kit) => kit.shot(), expect: refused(code) }],
  }
}
