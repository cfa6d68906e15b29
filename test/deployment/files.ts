/** The files of examples/deployment, and the few places in them that only a container engine could provide. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from '../docs/tree.ts'

export type ReplicaName = (typeof replicaNames)[number]
export type ServerName = 'nginx' | 'redis' | ReplicaName
export const replicaNames = ['api-1', 'api-2'] as const

/** What takes the place of names and paths inside containers. */
export interface Places {
  readonly ports: Readonly<Record<ServerName, number>>
  /** Where the issuer of the test serves its keys. */
  readonly issuer: string
  /** For configuration, keys and secrets. */
  readonly folder: string
  /** Where the examples are compiled to. */
  readonly program: string
}

/** Everything else is used as the files have it. One more place is not text: each replica gets a `PORT` of its own. */
export function replacements({ ports, issuer, folder, program }: Places): readonly (readonly [string, string])[] {
  return [
    // Names of the networks, and ports that may be in use here.
    ['api-1:3000', `127.0.0.1:${ports['api-1']}`],
    ['api-2:3000', `127.0.0.1:${ports['api-2']}`],
    ['redis:6379', `127.0.0.1:${ports.redis}`],
    ['6379', String(ports.redis)],
    ['bind * -::*', 'bind 127.0.0.1'],
    ['listen 443', `listen 127.0.0.1:${ports.nginx}`],
    ['"10.77.0.2"', '"127.0.0.1"'],
    ['https://as.example.com', issuer],
    // Files that are mounted, or lie in the images.
    ['/etc/nginx/tls', folder],
    ['/etc/nginx/nginx.conf', join(folder, 'nginx.conf')],
    ['/etc/redis/redis.conf', join(folder, 'redis.conf')],
    ['/run/secrets/nonce_secrets', join(folder, 'nonce-secrets')],
    ['/run/nginx.pid', join(folder, 'nginx.pid')],
    ['dist-examples', program],
    ['http {', `http { ${temporary.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(' ')}`],
  ]
}

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

export function readExample(name: string): string {
  return readFileSync(join(root, 'examples/deployment', name), 'utf8')
}

export function readReplaced(name: string, places: Places): string {
  return replacements(places).reduce((text, [from, to]) => text.replaceAll(from, to), readExample(name))
}

/** What is used of compose.yaml. */
export interface Compose {
  readonly services: Readonly<Record<ServerName, ComposeService>>
  readonly networks: { readonly front: { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } } }
  readonly secrets: { readonly nonce_secrets: { readonly file: string } }
}

export interface ComposeService {
  readonly command: readonly [string, ...string[]]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: { readonly test: readonly ['CMD', string, ...string[]] }
  readonly volumes?: readonly string[]
  readonly networks?: Readonly<Record<string, { readonly ipv4_address?: string }>>
  readonly stop_grace_period?: string
}

export function parseCompose(text: string): Compose {
  return parse(text, { merge: true }) as Compose
}
