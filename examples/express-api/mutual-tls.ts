import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.ts'
import { readServerIdentity, readSettings, writeLine } from './settings.ts'

/**
 * The API for agents with certificates: `ISSUER=http://127.0.0.1:9000 PORT=9101 node dist-examples/express-api/mutual-tls.js`
 *
 * RFC 8705 §6.2: the connection asks for a certificate and does not judge who issued it; the token says which one is right.
 */
const { issuer, port, publicUrl } = readSettings()
const { key, cert } = await readServerIdentity()
const server = createServer({ key, cert, requestCert: true, rejectUnauthorized: false }).listen(port, '127.0.0.1')
await once(server, 'listening')

const resource = publicUrl ?? `https://127.0.0.1:${(server.address() as AddressInfo).port}`
server.on('request', createApp({ issuer, resource, audit: (event) => writeLine({ audit: event }) }))
writeLine({ listening: resource, cert })
