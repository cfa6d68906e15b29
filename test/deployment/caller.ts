/** Agents that call the deployment through nginx, as a client library would, and load made of them. */
import { type IncomingHttpHeaders, type RequestOptions, request as requestPlain } from 'node:http'
import { Agent, request } from 'node:https'
import type { TestAgent } from 'onbehalf/testing'
import type { ReplicaName } from './files.ts'
import { type Deployment, resource } from './stage.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The parsed body; its text where it is no JSON. */
  readonly body: { readonly [name: string]: unknown }
}

export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly path?: string
  /** Laid over those of the agent. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Past nginx, at the port of a replica. */
  readonly at?: ReplicaName
  /** Default: the agent's. */
  readonly certificate?: TestAgent['certificate'] | null
}

export interface Caller {
  readonly agent: TestAgent
  /** What would be sent, so that it can be sent twice. */
  sign(ask?: Ask): Promise<Readonly<Record<string, string>>>
  /** Sends without signing. */
  send(ask: Ask): Promise<Reply>
  /** Signs and sends; where a nonce is wanted, once more with it (RFC 9449 §9). */
  call(ask?: Ask): Promise<Reply>
  /** How many calls had to be sent once more for a nonce. */
  rounds(): number
  close(): void
}

export async function createCaller(
  { issuer, certificate, ports }: Deployment,
  subject: string,
  kind: 'dpop' | 'mtls' = 'dpop',
): Promise<Caller> {
  const agent = await issuer.agent(subject, { certificate: kind === 'mtls' })
  const token = await issuer.token({ agent, human: 'alice', scopes: ['tools:read', 'tools:write'] })
  const connections = new Agent({ keepAlive: true })
  let nonce: string | undefined
  let rounds = 0

  const sign: Caller['sign'] = ({ method = 'GET', path = '/tools' } = {}) =>
    agent.headers(method, `${resource}${path}`, token, nonce === undefined ? {} : { nonce })

  async function send({ method = 'GET', path = '/tools', headers = {}, at, certificate: shown }: Ask): Promise<Reply> {
    const options = { host: '127.0.0.1', method, path, headers: { host: 'api.example.com', ...headers } }
    const own = shown === undefined ? agent.certificate : (shown ?? undefined)
    const reply =
      at !== undefined
        ? await exchange(requestPlain, { ...options, port: ports[at], agent: false })
        : await exchange(request, {
            ...options,
            port: ports.nginx,
            agent: connections,
            servername: 'api.example.com',
            ca: [certificate.certificate],
            ...(own && { key: own.key, cert: own.certificate }),
          })
    const given = reply.headers['dpop-nonce']
    if (typeof given === 'string') nonce = given
    return reply
  }

  return {
    agent,
    sign,
    send,
    async call(ask = {}) {
      const before = nonce
      const reply = await send({ ...ask, headers: { ...(await sign(ask)), ...ask.headers } })
      if (reply.status !== 401 || nonce === before || reply.body['code'] === 'proof_replayed') return reply
      rounds++
      return send({ ...ask, headers: { ...(await sign(ask)), ...ask.headers } })
    },
    rounds: () => rounds,
    close: () => connections.destroy(),
  }
}

interface Options extends RequestOptions {
  readonly ca?: string[]
  readonly servername?: string
  readonly key?: string
  readonly cert?: string
}

function exchange(start: typeof request | typeof requestPlain, options: Options): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = start(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('error', reject).on('end', () => {
        const isJson = /json/.test(String(response.headers['content-type']))
        const body = isJson ? JSON.parse(text) : { text }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    outgoing.on('error', reject).end()
  })
}

/** Outcomes of calls, counted: `GET 200`, `POST 401 proof_replayed`, `GET ECONNRESET`. */
export type Outcomes = Map<string, number>

/** Several callers who call, each again some milliseconds after an answer, until `during` is over. */
export async function underLoad(
  callers: readonly Caller[],
  during: () => Promise<unknown>,
  methods: readonly NonNullable<Ask['method']>[] = ['GET', 'POST'],
): Promise<Outcomes> {
  const outcomes: Outcomes = new Map()
  let isOver = false
  async function keepCalling(caller: Caller): Promise<void> {
    for (let at = 0; !isOver; at++) {
      const method = methods[at % methods.length] ?? 'GET'
      const outcome = await caller.call({ method }).then(
        ({ status, body }) => (status < 300 ? String(status) : `${status} ${body['code'] ?? body['text']}`),
        ({ code }) => String(code),
      )
      const name = `${method} ${outcome}`
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const load = Promise.all(callers.map(keepCalling))
  await during().finally(() => {
    isOver = true
  })
  await load
  return outcomes
}
