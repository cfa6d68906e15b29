import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier } from 'onbehalf'
import { readSettings, writeLine } from '../express-api/settings.ts'
import { createOwnersApp } from './app.ts'
import { scimDirectory } from './directory.ts'

/** `SCIM=https://scim.example.com/v2 SCIM_TOKEN=… ISSUER=http://127.0.0.1:9000 PORT=9104 node dist-examples/directory-scim/main.js` */
const { issuer, port, publicUrl } = readSettings()
const { SCIM, SCIM_TOKEN } = process.env
if (SCIM === undefined || SCIM_TOKEN === undefined) throw new Error('SCIM and SCIM_TOKEN are required')
const directory = scimDirectory({ base: SCIM, token: SCIM_TOKEN, issuer })

const server = createServer().listen(port, '127.0.0.1')
await once(server, 'listening')
const resource = publicUrl ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const verifier = createVerifier({ issuer, resource, delegation: { directory, requireOwner: true } })
server.on('request', createOwnersApp(verifier))
writeLine({ listening: resource })
