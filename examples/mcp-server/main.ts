import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier } from 'onbehalf'
import { readSettings, writeLine } from '../express-api/settings.ts'
import { createMcpApp } from './app.ts'
import { createSessionApp } from './sessions.ts'

/**
 * The MCP server: `ISSUER=http://127.0.0.1:9000 PORT=9105 node dist-examples/mcp-server/main.js`. With SESSIONS=1 it is on
 * SDK 1, with sessions.
 */
const { issuer, port, publicUrl } = readSettings()
const server = createServer().listen(port, '127.0.0.1')
await once(server, 'listening')

const resource = publicUrl ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
const verifier = createVerifier({
  issuer,
  resource,
  dpop: { preset: 'mcp' },
  audit: { write: (event) => writeLine({ audit: event }) },
})
server.on('request', process.env['SESSIONS'] === '1' ? createSessionApp(verifier) : createMcpApp(verifier).app)
writeLine({ listening: resource })
