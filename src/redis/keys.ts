/** 256 hash tags, so that the epoch and the proofs of one tag are on one server of a Cluster. */
export const redisTags: readonly string[] = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'))

export function epochKeyOf(prefix: string, tag: string): string {
  return `${prefix}{${tag}}epoch`
}

export function proofKeyOf(prefix: string, tag: string, key: string): string {
  return `${prefix}{${tag}}${key}`
}

/** The first byte of the digest. Undefined for anything but a SHA-256 in base64url. */
export function tagOfKey(key: unknown): string | undefined {
  if (typeof key !== 'string' || !/^[\w-]{43}$/.test(key)) return undefined
  return redisTags[Buffer.from(key.slice(0, 2), 'base64url')[0] as number]
}
