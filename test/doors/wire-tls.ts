import { connect } from 'node:tls'
import type { TestCertificate } from 'onbehalf/testing'
import { type Ask, askHttp1 } from './wire.ts'

/** HTTP/1.1 over TLS, with a client certificate or without. */
export function askTls(port: number, server: TestCertificate, client?: TestCertificate): Ask {
  const identity = client && { key: client.key, cert: client.certificate }
  return askHttp1(() => connect({ host: '127.0.0.1', port, ca: [server.certificate], ...identity }))
}
