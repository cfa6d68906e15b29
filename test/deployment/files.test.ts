import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../docs/tree.ts'
import { tableAfter } from '../package/documents.ts'
import { parseCompose, readExample, replacements, replicaNames } from './files.ts'

/** The files of the deployment against each other and against the program. They need no service. */

const compose = parseCompose(readExample('compose.yaml'))
const nginx = readExample('nginx.conf')
const server = readExample('server.ts')

test('Example: every place that the tests replace is in the files', () => {
  const ports = { nginx: 1, redis: 2, 'api-1': 3, 'api-2': 4 }
  const files = [readExample('compose.yaml'), nginx, readExample('redis.conf')].join('\n')
  const replaced = replacements({ ports, issuer: '', folder: '', program: '' }).map(([from]) => from)
  expect(replaced.filter((from) => !files.includes(from))).toEqual([])
  expect(replaced.length).toBeGreaterThan(10)
})

test('Example: the replicas get the environment variables that the program reads, and no other', () => {
  const read = [...readExample('settings.ts').matchAll(/read(?:Number)?\('(\w+)'\)/g)].map(([, name]) => name)
  for (const name of replicaNames) {
    expect(Object.keys(compose.services[name].environment ?? {}).sort()).toEqual([...read].sort())
    expect(compose.services[name].environment?.['REPLICA']).toBe(name)
  }
  expect(
    tableAfter('docs/operating.md', '## Environment')
      .map(([name]) => name)
      .sort(),
  ).toEqual([...read].sort())
})

test('Example: commands and health checks run programs of the folder, and mounted configurations are in it', () => {
  for (const name of replicaNames) {
    const { command, healthcheck } = compose.services[name]
    const programs = [...command, ...(healthcheck?.test ?? [])].filter((word) => word.endsWith('.js'))
    expect(programs).toHaveLength(2)
    const sources = programs.map((path) => path.replace('dist-examples', 'examples').replace(/js$/, 'ts'))
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([])
  }
  const mounted = [compose.services.nginx, compose.services.redis]
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    .filter((path) => path.endsWith('.conf'))
  expect(mounted).toEqual(['./nginx.conf', './redis.conf'])
  expect(mounted.filter((path) => !existsSync(join(root, 'examples/deployment', path)))).toEqual([])
})

test('MTLS-07: the one trusted peer is nginx, at its fixed address', () => {
  const { ipv4_address: address } = compose.services.nginx.networks?.['front'] ?? {}
  for (const name of replicaNames) {
    expect(compose.services[name].environment?.['TRUSTED_PROXIES']).toBe(address)
  }
})

test('Example: nginx sends to every replica at its port, and neither nginx nor a published port reaches Redis', () => {
  const upstream = [...nginx.matchAll(/^\s+server (\S+:\d+)/gm)].map(([, address]) => address)
  expect(upstream).toEqual(replicaNames.map((name) => `${name}:${compose.services[name].environment?.['PORT']}`))
  expect(Object.keys(compose.services.redis.networks ?? {})).toEqual(['back'])
  expect(Object.keys(compose.services.nginx.networks ?? {})).toEqual(['front'])
})

test('Example: nginx closes idle connections before a replica does, and the engine waits for a replica that drains', () => {
  const idle = Number(/keepalive_timeout (\d+)s;/.exec(nginx)?.[1])
  const kept = Number(/keepAliveTimeout = ([\d_]+)/.exec(server)?.[1]?.replace('_', '')) / 1_000
  for (const name of replicaNames) {
    const { environment, stop_grace_period: grace } = compose.services[name]
    const drain = Number(environment?.['DRAIN_SECONDS'])
    expect(idle).toBeLessThan(drain)
    expect(idle).toBeLessThan(kept)
    // The second half of `shutDown`, and the default of `verifier.close()`.
    expect(2 * drain + 5).toBeLessThan(Number.parseInt(grace ?? '', 10))
  }
})
