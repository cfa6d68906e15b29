import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import * as http2 from 'node:http2'
import { createServer as createTlsServer, request as requestTls } from 'node:https'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestView, Verifier } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { createGate } from 'onbehalf/fetch'
import { createNodeGate } from 'onbehalf/node'
import { createTestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { serve } from '../support/servers.ts'

/** `peer.local` tells doors that have no peer address by nature from a socket whose address is gone. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

/** A verifier that keeps what it was shown. */
function watched(): { verifier: Verifier; peers: unknown[] } {
  const verifier = kit.verifierWith()
  const peers: unknown[] = []
  const checkNow = (view: RequestView, request?: object) => {
    peers.push([view.peer?.local, typeof view.peer?.address])
    return verifier.checkNow(view, request)
  }
  return { verifier: { ...verifier, checkNow }, peers }
}

async function listenOnPath(server: Server): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'))
  const socketPath = join(folder, 'socket')
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  onTestFinished(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  return socketPath
}

const isUnix = [['unix', 'undefined']]

test.runIf(process.platform !== 'win32')('RequestView: a Unix socket is `unix`, by its listener', async () => {
  const { verifier, peers } = watched()
  const gate = createNodeGate(verifier)
  const socketPath = await listenOnPath(createServer((req, res) => void gate(req, res)))
  await new Promise((resolve) => request({ socketPath, path: '/' }, resolve).end())
  expect(peers).toEqual(isUnix)
})

test.runIf(process.platform !== 'win32')('RequestView: so it is under TLS and on HTTP/2', async () => {
  const { key, certificate: cert } = await createTestCertificate({ commonName: 'localhost', hosts: ['localhost'] })
  const tls = watched()
  const gate = createNodeGate(tls.verifier)
  const tlsPath = await listenOnPath(createTlsServer({ key, cert }, (req, res) => void gate(req, res)))
  await new Promise((resolve) =>
    requestTls({ socketPath: tlsPath, path: '/', rejectUnauthorized: false }, resolve).end(),
  )
  expect(tls.peers).toEqual(isUnix)
  const second = watched()
  const gateOfSecond = createNodeGate(second.verifier)
  const server = http2.createServer((req, res) => void gateOfSecond(req, res))
  const path = await listenOnPath(server)
  const { connect } = await import('node:net')
  const client = http2.connect('http://localhost', { createConnection: () => connect(path) })
  await new Promise((resolve) => client.request({ ':path': '/' }).on('response', resolve))
  client.destroy()
  expect(second.peers).toEqual(isUnix)
})

test('RequestView: on TCP the peer has an address, and nothing local', async () => {
  const { verifier, peers } = watched()
  const guard = agentAuth(verifier)
  const send = await serve((req, res) => guard(req, res, () => res.end()))
  await send('/')
  expect(peers).toEqual([[undefined, 'string']])
})

test('RequestView: fetch has no address unless it is given one: `host`', async () => {
  const { verifier, peers } = watched()
  const gate = createGate(verifier)
  await gate(new Request(`${resource}/tools`))
  await gate(new Request(`${resource}/tools`), undefined, { address: '192.0.2.7' })
  expect(peers).toEqual([
    ['host', 'undefined'],
    [undefined, 'string'],
  ])
})
