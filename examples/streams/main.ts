import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier } from 'onbehalf'
import { readSettings, writeLine } from '../express-api/settings.ts'
import { addStreams } from './app.ts'

/** The streams, as server-sent events and as WebSocket: `ISSUER=http://127.0.0.1:9000 PORT=9103 node dist-examples/streams/main.js` */
const { issuer, port, publicUrl } = readSettings()
const server = createServer().listen(port, '127.0.0.1')
await once(server, 'listening')

const resource = publicUrl ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
addStreams(server, createVerifier({ issuer, resource }))
writeLine({ listening: resource })
