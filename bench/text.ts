import { randomBytes } from 'node:crypto'

/** Characters of base64url, as many as asked for. */
export function randomText(length: number): string {
  return randomBytes(Math.ceil((length * 3) / 4))
    .toString('base64url')
    .slice(0, length)
}
