import { request } from 'node:https'
import express from 'express'
import type { CertificateHeader } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, test } from 'vitest'
import { base64Of, createForwardedKit, type ForwardedKit, pemOf } from '../support/forwarded.ts'
import { describeBehind, type ProxyName, startProxy } from '../support/proxies.ts'
import { listen } from '../support/servers.ts'

/** The configurations of docs/proxies.md, run by the proxies themselves. */

let forwarded: ForwardedKit
let server: TestCertificate
beforeAll(async () => {
  forwarded = await createForwardedKit()
  server = await createTestCertificate({ commonName: 'localhost', hosts: ['127.0.0.1'] })
})

interface Case {
  readonly header: CertificateHeader
  /** As a client would send it. */
  readonly field: string
  forge(certificate: TestCertificate): string
}

const cases: Readonly<Record<ProxyName, Case>> = {
  nginx: { header: 'nginx', field: 'ssl-client-cert', forge: (own) => encodeURIComponent(pemOf(own)) },
  haproxy: { header: 'client-cert', field: 'Client-Cert', forge: (own) => `:${base64Of(own)}:` },
  apache: {
    header: { name: 'x-ssl-client-cert', format: 'pem' },
    field: 'X-SSL-Client-Cert',
    forge: (own) => pemOf(own).trim().replaceAll('\n', ' '),
  },
}

interface Asked {
  readonly certificate?: TestCertificate
  readonly token?: string
  readonly headers?: Record<string, string | string[]>
}

/** Starts an API behind the proxy. What an answer says: `mtls` with the connection it came over, or the refusal code. */
async function stage(name: ProxyName, change?: (printed: string) => string) {
  const connections = new Map<unknown, number>()
  const app = express()
  app.use((req, _res, next) => {
    if (!connections.has(req.socket)) connections.set(req.socket, connections.size)
    next()
  })
  app.use(agentAuth(forwarded.verifierFor({ header: cases[name].header, trustedProxies: ['127.0.0.1'] })))
  app.use((req, res) => {
    const { method, x5t } = req.agentContext.sender
    res.json({ method, x5t, connection: connections.get(req.socket) })
  })
  const port = await startProxy(name, { port: await listen(app), server, ...(change && { change }) })

  return function ask({ certificate, token = forwarded.token, headers = {} }: Asked = {}) {
    return new Promise<{ code?: string; method?: string; x5t?: string; connection?: number; vary: unknown }>(
      (resolve, reject) => {
        const identity = certificate && { key: certificate.key, cert: certificate.certificate }
        const outgoing = request(
          {
            host: '127.0.0.1',
            port,
            path: '/tools',
            agent: false,
            ca: [server.certificate],
            minVersion: 'TLSv1.3',
            ...identity,
            headers: { authorization: `Bearer ${token}`, ...headers },
          },
          (response) => {
            let text = ''
            response.setEncoding('utf8').on('data', (chunk) => {
              text += chunk
            })
            response.on('end', () => resolve({ ...JSON.parse(text), vary: response.headers.vary }))
          },
        )
        outgoing.on('error', reject)
        outgoing.end()
      },
    )
  }
}

for (const name of Object.keys(cases) as ProxyName[]) {
  const { field, forge } = cases[name]
  describeBehind(name, () => {
    test('RFC 8705 §3: the certificate of the agent gets through, and no other counts', async () => {
      const { own, other } = forwarded
      const ask = await stage(name)
      expect(await ask({ certificate: own })).toMatchObject({
        method: 'mtls',
        x5t: own.thumbprint,
        vary: field.toLowerCase(),
      })
      expect(await ask({ certificate: other })).toMatchObject({ code: 'binding_mismatch', vary: field.toLowerCase() })
      expect(await ask()).toMatchObject({ code: 'certificate_missing', vary: field.toLowerCase() })
    })

    test('MTLS-07: a field of the client never counts', async () => {
      const { own, other } = forwarded
      const ask = await stage(name)
      const forged = forge(own)
      for (const lines of [forged, [forged, forged]]) {
        for (const spelling of [field, field.toUpperCase(), field.toLowerCase()]) {
          const headers = { [spelling]: lines }
          expect(await ask({ headers })).toMatchObject({ code: 'certificate_missing' })
          expect(await ask({ headers, certificate: other })).toMatchObject({ code: 'binding_mismatch' })
          expect(await ask({ headers: { [spelling]: forge(other) }, certificate: own })).toMatchObject({
            method: 'mtls',
          })
        }
      }
    })

    test('MTLS-07: another spelling of the field gets nobody in', async () => {
      const ask = await stage(name)
      for (const separator of ['_', '.']) {
        const { code } = await ask({ headers: { [field.replaceAll('-', separator)]: forge(forwarded.own) } })
        expect(['certificate_missing', 'request_malformed']).toContain(code)
      }
    })

    test('MTLS-07: a client that names the field in Connection ends without a certificate at most', async () => {
      const { own } = forwarded
      const ask = await stage(name)
      const connection = `close, ${field}`
      const { code, method } = await ask({ certificate: own, headers: { connection } })
      if (name === 'apache') expect(code).toBe('certificate_missing')
      else expect(method).toBe('mtls')
      const forged = { connection, [field]: forge(own) }
      expect(await ask({ headers: forged })).toMatchObject({ code: 'certificate_missing' })
    })
  })
}

describeBehind('nginx', () => {
  test('MTLS-07: two agents over one connection to the application are never taken for one another', async () => {
    const { kit, own, other } = forwarded
    const ask = await stage('nginx', (printed) =>
      `upstream app { server 127.0.0.1:3000; keepalive 1; }\n${printed}`.replace(
        /proxy_pass .*;/,
        'proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";',
      ),
    )
    const othersToken = await kit.token({ claims: { cnf: { 'x5t#S256': other.thumbprint } } })
    const connections = new Set<unknown>()
    for (let round = 0; round < 5; round += 1) {
      const mine = await ask({ certificate: own })
      const theirs = await ask({ certificate: other, token: othersToken })
      expect([mine.x5t, theirs.x5t]).toEqual([own.thumbprint, other.thumbprint])
      expect((await ask({ certificate: other })).code).toBe('binding_mismatch')
      expect((await ask({ token: othersToken })).code).toBe('certificate_missing')
      connections.add(mine.connection).add(theirs.connection)
    }
    expect([...connections]).toEqual([0])
  })
})
