import { createServer } from 'node:http'
import * as http2 from 'node:http2'
import { createServer as createTlsServer, request as requestTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { RequestView, Verifier } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { createTestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createKit, type Kit } from '../support/kit.ts'
import { listen } from '../support/servers.ts'

/** Whether the connection is TLS, and what follows where it is not. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

function watched(): { verifier: Verifier; encrypted: unknown[] } {
  const verifier = kit.verifierWith()
  const encrypted: unknown[] = []
  const checkNow = (view: RequestView, request?: object) => {
    encrypted.push(view.peer?.encrypted)
    return verifier.checkNow(view, request)
  }
  return { verifier: { ...verifier, checkNow }, encrypted }
}

test('RequestView: it tells TLS from plain HTTP, on HTTP/1 and HTTP/2', async () => {
  const { key, certificate: cert } = await createTestCertificate({ commonName: 'localhost', hosts: ['127.0.0.1'] })
  const { verifier, encrypted } = watched()
  const gate = createNodeGate(verifier)
  const servers = [
    createServer((req, res) => void gate(req, res)),
    createTlsServer({ key, cert }, (req, res) => void gate(req, res)),
    http2.createServer((req, res) => void gate(req, res)),
    http2.createSecureServer({ key, cert }, (req, res) => void gate(req, res)),
  ]
  for (const [at, server] of servers.entries()) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    if (at === 0) await fetch(`http://127.0.0.1:${port}/`)
    if (at === 1) {
      await new Promise((resolve) => requestTls({ port, host: '127.0.0.1', ca: cert, agent: false }, resolve).end())
    }
    if (at > 1) {
      const session = http2.connect(`${at === 2 ? 'http' : 'https'}://127.0.0.1:${port}`, { ca: cert })
      onTestFinished(() => session.destroy())
      await new Promise((resolve) => session.request({ ':path': '/' }).on('response', resolve))
    }
    onTestFinished(() => void server.close())
  }
  expect(encrypted).toEqual([false, true, false, true])
})

test('RFC 8705 §3: over plain HTTP the operator hears once that no certificate can arrive', async () => {
  const warnings: unknown[] = []
  const note = (warning: Error & { code?: string }) => void warnings.push(warning.code)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const gate = createNodeGate(kit.verifier)
  const port = await listen((req, res) => void gate(req, res))
  const token = await kit.token({ claims: { cnf: { 'x5t#S256': 'A'.repeat(43) } } })
  const ask = () => fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } })
  expect(await (await ask()).json()).toMatchObject({ code: 'certificate_missing' })
  await ask()
  await new Promise((resolve) => setImmediate(resolve))
  expect(warnings.filter((code) => code === 'ONBEHALF_PLAIN')).toEqual(['ONBEHALF_PLAIN'])
})
