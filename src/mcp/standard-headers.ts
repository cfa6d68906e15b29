import type { RequestView } from '../types/request.ts'
import type { Message } from './messages.ts'

/**
 * `Mcp-Method` and `Mcp-Name` (revision 2026-07-28, SEP-2243): gateways decide by them, the server by the body, so they must
 * say the same. A request without them is one of an older revision.
 */
export function agreesWithBody({ header }: RequestView, messages: readonly Message[]): boolean {
  const [methods, names] = [header('mcp-method'), header('mcp-name')]
  return messages.every(({ method, mirrored }) => saysOnly(methods, method) && saysOnly(names, mirrored))
}

function saysOnly(lines: readonly string[], value: string | undefined): boolean {
  if (lines.length === 0) return true
  const said = lines.length === 1 ? decode(lines[0] as string) : undefined
  return said !== undefined && said === value
}

/** Text that is not plain ASCII comes as `=?base64?…?=`, in this spelling exactly. Undefined: it cannot be read. */
function decode(line: string): string | undefined {
  // RFC 9110 §5.6.3: no other space is left out.
  const text = line.replace(/^[ \t]+|[ \t]+$/g, '')
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(text)?.[1]
  if (encoded === undefined) return text
  const octets = Buffer.from(encoded, 'base64')
  if (octets.toString('base64') !== encoded) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch {
    return undefined
  }
}
