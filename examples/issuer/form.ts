import type { IncomingMessage } from 'node:http'
import { OAuthError } from './oauth-error.ts'

const maxBodyBytes = 32_768

/** The parameters of a token request. */
export interface Form {
  /** Throws where the parameter is missing or empty. */
  required(name: string): string
  optional(name: string): string | undefined
  all(name: string): readonly string[]
}

export async function readForm(request: IncomingMessage): Promise<Form> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') throw malformed('The body must be form-encoded')
  const parameters = new URLSearchParams(await readBody(request))
  for (const name of new Set(parameters.keys())) {
    // RFC 6749 §3.2: no parameter twice; `resource` is the exception (RFC 8707 §2).
    if (name !== 'resource' && parameters.getAll(name).length > 1) throw malformed('A parameter is repeated')
  }

  return {
    required(name) {
      const value = parameters.get(name)
      if (!value) throw malformed(`The parameter ${name} is required`)
      return value
    },
    // RFC 6749 §3.2: a parameter without a value counts as omitted.
    optional: (name) => parameters.get(name) || undefined,
    all: (name) => parameters.getAll(name),
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBodyBytes) throw new OAuthError('invalid_request', 'The body is too large', 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function malformed(description: string): OAuthError {
  return new OAuthError('invalid_request', description)
}
