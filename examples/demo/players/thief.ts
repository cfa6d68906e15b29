import { createTestCertificate } from 'onbehalf/testing'
import { createProof } from '../../agents/dpop-proof.ts'
import { mtlsRequest } from '../../agents/mtls-request.ts'
import { createSigningKey } from '../../agents/signing-key.ts'
import type { ClientSettings, ThiefCommands } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

const { trust } = readSettings<ClientSettings>()
const key = await createSigningKey()
const { key: tlsKey, certificate } = await createTestCertificate({ commonName: 'thief' })

type Headers = Readonly<Record<string, string>>

async function send({ method, url, headers }: { method: string; url: string; headers: Headers }) {
  const response = await fetch(url, { method, headers })
  const challenge = response.headers.get('www-authenticate')
  return { status: response.status, challenge, body: (await response.json()) as unknown, sent: headers }
}

serve({
  send,
  async sendWithOwnProof({ method, url, accessToken }) {
    const dpop = await createProof(key, { method, url, accessToken })
    return send({ method, url, headers: { authorization: `DPoP ${accessToken}`, dpop } })
  },
  async sendOverTls({ method, url, headers, withOwnCertificate }) {
    const identity = { ca: trust, ...(withOwnCertificate && { key: tlsKey, cert: certificate }) }
    return { ...(await mtlsRequest(identity, { method, url, headers: { ...headers } })), sent: headers }
  },
} satisfies ThiefCommands)
