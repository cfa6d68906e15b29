import { readFile } from 'node:fs/promises'
import { createRegistry, type RegisteredClient, type RegisteredUser } from './registry.ts'
import { startIssuer } from './server.ts'

/**
 * Runs the issuer on its own: `node dist-examples/issuer/main.js issuer.json`
 *
 * The file: { "port": 9000, "resources": [url], "users": [RegisteredUser], "clients": [RegisteredClient],
 *             "tls": { "port": 9001, "keyFile": path, "certFile": path } }
 */
interface IssuerFile {
  readonly port?: number
  readonly resources: readonly string[]
  readonly users?: readonly RegisteredUser[]
  readonly clients: readonly RegisteredClient[]
  readonly tls?: { readonly port?: number; readonly keyFile: string; readonly certFile: string }
}

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: main.js <configuration.json>')
const file: IssuerFile = JSON.parse(await readFile(path, 'utf8'))

const registry = createRegistry()
for (const resource of file.resources) registry.resources.add(resource)
for (const user of file.users ?? []) registry.users.set(user.id, user)
for (const client of file.clients) registry.clients.set(client.id, client)

const { issuer, tokenEndpoint, mtlsTokenEndpoint } = await startIssuer({
  registry,
  port: file.port,
  tls: file.tls && {
    port: file.tls.port,
    key: await readFile(file.tls.keyFile, 'utf8'),
    cert: await readFile(file.tls.certFile, 'utf8'),
  },
  onIssued: (client, claims) =>
    console.log(
      JSON.stringify({ issued: claims.jti, owner: client.owner, sub: claims.sub, act: claims.act, aud: claims.aud }),
    ),
})
console.log(JSON.stringify({ issuer, tokenEndpoint, mtlsTokenEndpoint }))
