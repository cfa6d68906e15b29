import { randomBytes } from 'node:crypto'

/** `<host>-<pid>-<opening>-<n>.jsonl`; all files with the same beginning are one chain. */

export interface ChainFile {
  /** With the folder of the tenant. */
  readonly chain: string
  readonly n: number
}

/** A name that no other opening has, on any host: the random part tells containers apart that share name and pid. */
export function nameOpening(host: string, pid: number, now: number): string {
  const readable = host
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '')
    .slice(0, 64)
  return `${readable === '' ? 'host' : readable}-${pid}-${Math.trunc(now).toString(36)}${randomBytes(5).toString('hex')}`
}

export function nameFile(chain: string, n: number): string {
  return `${chain}-${n}.jsonl`
}

/** Undefined where this package gives no such name. `path`: with the folder of a tenant. */
export function readFileName(path: string): ChainFile | undefined {
  const [, chain, n] = /^((?:[a-z0-9-]{1,64}\/)?[a-z0-9.-]+-\d+-[a-z0-9]+)-([1-9]\d{0,14})\.jsonl$/.exec(path) ?? []
  return chain === undefined ? undefined : { chain, n: Number(n) }
}

export const otherTenant = 'other'

export function isTenantName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9-]{1,64}$/.test(value)
}
