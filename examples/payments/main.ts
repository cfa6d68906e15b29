import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier } from 'onbehalf'
import { readSettings, writeLine } from '../express-api/settings.ts'
import { createPaymentsApp } from './app.ts'

/** The payments API: `ISSUER=http://127.0.0.1:9000 PORT=9102 node dist-examples/payments/main.js` */
const { issuer, port, publicUrl } = readSettings()
const server = createServer().listen(port, '127.0.0.1')
await once(server, 'listening')

const resource = publicUrl ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
server.on('request', createPaymentsApp(createVerifier({ issuer, resource }), issuer))
writeLine({ listening: resource })
