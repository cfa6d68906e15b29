import { existsSync, readFileSync, statSync } from 'node:fs'
import { codeOf } from '../audit-log/log-file.ts'
import { MisuseError } from './command.ts'

/** Texts that a command is given by a file or by standard input. Errors quote neither their names nor their content. */

const mebibyte = 1_048_576

/** `name`: what the usage calls it. */
export function readGivenFile(path: string, name: string, mostMebibytes = 1): string {
  try {
    if (statSync(path).size <= mostMebibytes * mebibyte) return readFileSync(path, 'utf8')
  } catch (error) {
    throw new MisuseError(`${name} cannot be read (${codeOf(error)}).`)
  }
  throw new MisuseError(`${name} is larger than ${mostMebibytes} MiB.`)
}

export function readGivenJson(path: string, name: string, mostMebibytes?: number): unknown {
  try {
    return JSON.parse(readGivenFile(path, name, mostMebibytes))
  } catch (error) {
    throw error instanceof SyntaxError ? new MisuseError(`${name} is not JSON.`) : error
  }
}

/** A token as a file, standard input or the argument itself gives it. */
export interface GivenToken {
  readonly text: string
  /** The scheme, where it is written before the token as in a request. */
  readonly scheme: string | undefined
  readonly isArgument: boolean
}

export async function readGivenToken(argument: string, input: AsyncIterable<Uint8Array | string>): Promise<GivenToken> {
  if (argument === '-') return { ...splitScheme(await readInput(input)), isArgument: false }
  if (existsSync(argument)) return { ...splitScheme(readGivenFile(argument, 'FILE')), isArgument: false }
  const parts = splitScheme(argument)
  // A JSON object begins with `{`, and so a JWS with `ey`.
  if (/^ey[\w-]+\.[\w-]+\.[\w-]*$/.test(parts.text)) return { ...parts, isArgument: true }
  throw new MisuseError('There is no such file, and it is no JWT. Give an opaque token by a file or by -.')
}

function splitScheme(text: string): Pick<GivenToken, 'text' | 'scheme'> {
  const line = text.trim().replace(/^authorization:\s*/i, '')
  const [, scheme, token = ''] = /^(?:(bearer|dpop) +)?(.*)$/is.exec(line) ?? []
  if (token === '') throw new MisuseError('There is no token.')
  return { text: token, scheme }
}

async function readInput(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of input) {
    parts.push(Buffer.from(part))
    length += part.length
    if (length > mebibyte) throw new MisuseError('Standard input is larger than 1 MiB.')
  }
  return Buffer.concat(parts).toString('utf8')
}
