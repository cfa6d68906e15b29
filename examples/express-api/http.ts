import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.ts'
import { readSettings, writeLine } from './settings.ts'

/**
 * The API for agents with DPoP keys: `ISSUER=http://127.0.0.1:9000 PORT=9100 node dist-examples/express-api/http.js`
 *
 * On loopback it speaks http; anywhere else a proxy that terminates TLS stands before it, and RESOURCE is its public https URL.
 */
const { issuer, port, publicUrl } = readSettings()
const server = createServer().listen(port, '127.0.0.1')
await once(server, 'listening')

const resource = publicUrl ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
server.on('request', createApp({ issuer, resource, audit: (event) => writeLine({ audit: event }) }))
writeLine({ listening: resource })
