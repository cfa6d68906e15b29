/**
 * Whether a value that is read as a number is one that JavaScript holds exactly (RFC 7493 §2.2): finite, and no greater
 * than the greatest safe integer. Fractions are numbers, too (RFC 7519 §2).
 */
export function isExactNumber(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
}
