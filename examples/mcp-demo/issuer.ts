import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestClock, createTestIssuer, type TestIssuer } from 'onbehalf/testing'

/** An issuer that has no policy: it signs what the demo asks for. The MCP server finds its keys as it finds those of any other. */
export interface DemoIssuer {
  readonly url: string
  issuerFor(resource: string): Promise<TestIssuer>
  close(): void
}

export async function startDemoIssuer(): Promise<DemoIssuer> {
  let keys: object = { keys: [] }
  const server = createServer((request, response) => {
    const document = { issuer: url, jwks_uri: `${url}/jwks` }
    response.setHeader('content-type', 'application/json')
    // RFC 8414 §3.1
    if (request.url === '/.well-known/oauth-authorization-server') response.end(JSON.stringify(document))
    else if (request.url === '/jwks') response.end(JSON.stringify(keys))
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    async issuerFor(resource) {
      const clock = { ...createTestClock(), now: Date.now, monotonic: () => performance.now() }
      const issuer = await createTestIssuer({ issuer: url, resource, clock })
      keys = issuer.jwks
      return issuer
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
