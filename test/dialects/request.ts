import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { createTestCertificate } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'
import type { Forge } from '../support/forge.ts'
import { url } from '../support/kit.ts'
import type { Issued } from './fixture.ts'
import { isUnbound } from './issuer-options.ts'

export interface SignedRequest {
  readonly token: string
  /** The fields of a request that is right in everything but the token, each time with a new proof. */
  headers(): Promise<Record<string, string>>
}

/** Signed with the key of the forge. */
export function requestFor({ typ, claims }: Issued, forge: Forge): SignedRequest {
  const token = forge.raw(forge.header({ typ: typ ?? undefined }), claims)
  return {
    token,
    async headers() {
      if (isUnbound(claims)) return { authorization: `Bearer ${token}` }
      return { authorization: `DPoP ${token}`, dpop: await forge.agent.proof({ method: 'GET', url, token }) }
    },
  }
}

export interface Answer {
  readonly status: number
  readonly challenge: string
  readonly code: unknown
}

const server = await createTestCertificate({ commonName: 'api.example.test', hosts: ['127.0.0.1'] })

/** Serves on mutual TLS, and returns a client that shows the agent's certificate; each request has its own connection. */
export async function serveOverTls(
  app: Express,
  { agent }: Forge,
): Promise<(headers: Record<string, string>) => Promise<Answer>> {
  const { certificate } = agent
  if (certificate === undefined) throw new Error('the agent has no certificate')
  const tls = { key: server.key, cert: server.certificate, requestCert: true, rejectUnauthorized: false }
  const listener = createServer(tls, app)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const { port } = listener.address() as AddressInfo
  const client = { ca: server.certificate, key: certificate.key, cert: certificate.certificate, agent: false }
  return (headers) =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path: '/tools', headers, ...client }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { code?: unknown }
          const { statusCode: status = 0, headers: fields } = response
          resolve({ status, code, challenge: fields['www-authenticate'] ?? '' })
        })
      })
      outgoing.on('error', reject)
      outgoing.end()
    })
}
