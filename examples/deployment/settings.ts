import { readFileSync } from 'node:fs'

/** The environment of one replica, as compose.yaml sets it. The package itself reads no environment variable. */
export interface Settings {
  readonly issuer: string
  /** The public URL of the API: that of nginx. */
  readonly resource: string
  readonly port: number
  /** Its name in answers, so that one sees which replica has answered. */
  readonly replica: string
  readonly trustedProxies: readonly string[]
  readonly redisUrl: string
  readonly redisTimeoutMs: number
  /** The first signs, all are accepted. */
  readonly nonceSecrets: readonly string[]
  readonly nonceSeconds: number
  readonly drainMs: number
}

export function readSettings(): Settings {
  return {
    issuer: read('ISSUER'),
    resource: read('RESOURCE'),
    port: readNumber('PORT'),
    replica: read('REPLICA'),
    trustedProxies: read('TRUSTED_PROXIES').split(','),
    redisUrl: read('REDIS_URL'),
    redisTimeoutMs: readNumber('REDIS_TIMEOUT_MS'),
    nonceSecrets: readFileSync(read('NONCE_SECRETS_FILE'), 'utf8').trim().split('\n'),
    nonceSeconds: readNumber('NONCE_SECONDS'),
    drainMs: readNumber('DRAIN_SECONDS') * 1_000,
  }
}

function readNumber(name: string): number {
  const value = Number(read(name))
  if (!Number.isFinite(value)) throw new Error(`${name} must be a number`)
  return value
}

function read(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is required`)
  return value
}
