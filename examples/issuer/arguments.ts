import { parseArgs } from 'node:util'
import { type DialectName, dialectNames } from './dialects/index.ts'

/** What `npm run issuer` is told. */
export interface Arguments {
  readonly port: number
  /** The API that its tokens are for (RFC 8707 §2). */
  readonly resource: string
  /** Separated by single spaces. */
  readonly scope: string
  readonly dialect: DialectName
}

/** The arguments are wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage: string = [
  'npm run issuer -- [--port PORT] [--resource URL] [--scope SCOPES] [--dialect NAME]',
  '',
  '  --port PORT       where the issuer listens on 127.0.0.1; 9000 unless given, 0 for a free one',
  '  --resource URL    the API that its tokens are for; http://127.0.0.1:9100 unless given',
  '  --scope SCOPES    what tokens may allow, in quotes; "tools:read tools:write" unless given',
  `  --dialect NAME    how its tokens are written; actor-profile unless given. The names:`,
  `                    ${dialectNames.join(', ')}`,
].join('\n')

/** Undefined where help is asked for. Throws a {@link UsageError}. */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { port, resource, scope, dialect, help } = parse(args)
  if (help) return undefined
  const name = dialectNames.find((known) => known === dialect)
  if (name === undefined) throw new UsageError(`--dialect must be one of ${dialectNames.join(', ')}`)
  return { port: readPort(port), resource: readResource(resource), scope: readScope(scope), dialect: name }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '9000' },
        resource: { type: 'string', default: 'http://127.0.0.1:9100' },
        scope: { type: 'string', default: 'tools:read tools:write' },
        dialect: { type: 'string', default: 'actor-profile' },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new UsageError('--port must be a number from 0 to 65535')
}

function readResource(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url?.username === '' && url.password === '' && !/[?#\s]/.test(text)
  if (isPlain && (url.protocol === 'https:' || url.protocol === 'http:')) return text
  throw new UsageError('--resource must be an absolute http or https URL without query, fragment, user and password')
}

/** RFC 6749 §3.3. */
function readScope(text: string): string {
  const scopes = text.split(/\s+/).filter((scope) => scope !== '')
  if (scopes.length > 0 && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) return scopes.join(' ')
  throw new UsageError('--scope must hold one scope at least, and scopes have neither quotes nor backslashes')
}
