import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
} from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express5, { type Express } from 'express'
import { createVerifier, type Verifier, type VerifierOptions } from 'onbehalf'
import { createTestIssuer, type TestAgent, type TestIssuer } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'

export const resource = 'https://api.example.test'

/** Both majors go through every test; the older one has no types of its own. */
export const frameworks: readonly (readonly [name: string, express: typeof express5])[] = [
  ['Express 5', express5],
  ['Express 4', createRequire(import.meta.url)('express4') as typeof express5],
]

export interface Kit {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly options: VerifierOptions
  verifier(more?: Partial<VerifierOptions>): Verifier
  /** Headers of a request that holds, for one path of the resource. */
  credentials(method: string, path: string, more?: TokenChanges): Promise<Record<string, string>>
}

export interface TokenChanges {
  readonly scopes?: readonly string[]
  readonly claims?: Record<string, unknown>
  readonly nonce?: string | undefined
}

export async function createKit(): Promise<Kit> {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  const options: VerifierOptions = { issuer: issuer.options, resource, clock: issuer.clock }
  return {
    issuer,
    agent,
    options,
    verifier: (more = {}) => createVerifier({ ...options, ...more }),
    async credentials(method, path, { scopes = [], claims = {}, nonce } = {}) {
      const token = await issuer.token({ agent, human: 'alice', scopes, claims })
      return agent.headers(method, `${resource}${path}`, token, { nonce })
    },
  }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly text: string
}

export interface Sent {
  readonly method?: string
  /** An array stands for several field lines. */
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

export type Send = (target: string, sent?: Sent) => Promise<Reply>

/** Listens on loopback until the test ends; answers what sends a request there with the target as written. */
export function serve(app: Express): Promise<Send> {
  return serveListener(app)
}

export async function serveListener(listener: RequestListener): Promise<Send> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return (target, sent = {}) => exchange(port, target, sent)
}

function exchange(port: number, target: string, { method = 'GET', headers = {}, body }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: target, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { statusCode: status = 0, headers, rawHeaders } = response
        resolve({ status, headers, rawHeaders, text: Buffer.concat(chunks).toString() })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The refusal code in a problem body; undefined for any other body. */
export function codeOf(reply: Reply): unknown {
  const isProblem = String(reply.headers['content-type']).startsWith('application/problem+json')
  return isProblem ? (JSON.parse(reply.text) as { code?: unknown }).code : undefined
}
