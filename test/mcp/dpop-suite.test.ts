import { createServer } from 'node:http'
import { createVerifier } from 'onbehalf'
import { mcpAccess } from 'onbehalf/mcp'
import { testDpopSuite } from '../doors/clients/mcp-dpop-suite.ts'
import { listen, shut } from '../doors/doors/server.ts'
import { askTcp } from '../doors/wire.ts'
import { overExpress, type Serve, serveFirst, serveSecond } from './hosts.ts'
import { fieldsOf, handshake, type Revision, stateless } from './messages.ts'

const servers: readonly [string, Serve, Revision][] = [
  ['SDK 1', serveFirst, handshake],
  ['SDK 2', serveSecond, handshake],
  ['SDK 2', serveSecond, stateless],
]
const called = { name: 'whoami', arguments: {} }

for (const [name, serve, revision] of servers) {
  testDpopSuite({
    name: `${name}, ${revision.name}`,
    body: JSON.stringify(revision.message('tools/call', called)),
    fields: fieldsOf(revision.headers('tools/call', called)),
    async start(options) {
      const access = mcpAccess({ 'tools/call': { whoami: {}, '*': 'deny' }, '*': 'deny' })
      const app = await overExpress(createVerifier(options), access, serve)
      const server = createServer((request, response) => {
        // A stream of the SDK says keep-alive, also to a client that wants to leave.
        response.once('finish', () => request.socket.end())
        app(request, response)
      })
      const port = await listen(server)
      return { ask: askTcp(port), close: () => shut(server) }
    },
  })
}
