/** How each snippet of the documents is run: the requests sent to its server, and what is required of the answers and the output. */

export type Caller = Readonly<Record<string, unknown>> & { readonly subject: string }

export interface Request {
  readonly method?: string
  readonly path: string
  /** Under which URL the caller knows the server. Default: the resource. */
  readonly publicUrl?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Who sends it: what the test kit's `issuer.agent` and `issuer.token` take. Absent: the request has no credentials. */
  readonly agent?: Caller
  readonly status: number
  /** Asks for an upgrade; the status of an open one is 101, and the body its first message. */
  readonly upgrade?: true
  /** To which of the servers of the snippet, in the order of their listening. Default: the first. */
  readonly server?: number
  /** Sent as JSON. */
  readonly sends?: object
  /** Compared where given. */
  readonly body?: unknown
}

const travel = { subject: 'travel-7', human: 'alice', scopes: ['tools:read'] }
const payer = { ...travel, scopes: ['payments:write'] }
const auditor = { subject: 'auditor-1', human: 'alice', scopes: ['ledger:read'] }
const by = { by: 'travel-7' }
/** Greeted, and ended with the token. */
const events = 'data: hello\n\nevent: over\n\n'
const shopper = { ...travel, scopes: ['docs:read'], audience: 'https://api.example.com/mcp' }
const accepts = { accept: 'application/json, text/event-stream' }
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
}
const metadata: Request = { path: '/.well-known/oauth-protected-resource', status: 200 }

const tools: readonly Request[] = [
  { path: '/tools', agent: travel, status: 200, body: by },
  { path: '/tools', agent: { ...travel, scopes: [] }, status: 403 },
  { path: '/tools', status: 401 },
]

const behindPublicRoutes: readonly Request[] = [
  { path: '/health', status: 200, body: 'ok' },
  { method: 'OPTIONS', path: '/tools', headers: { 'access-control-request-method': 'GET' }, status: 204 },
  { path: '/tools', status: 401 },
  { path: '/tools', agent: travel, status: 200, body: by },
]

const watched: readonly Request[] = [
  { path: '/tools', agent: travel, status: 200, body: { tools: [] } },
  { path: '/tools', status: 401 },
]

export const requestsOf: Readonly<Record<string, readonly Request[]>> = {
  'first.ts': [
    { path: '/tools', agent: { ...travel, via: ['planner-2'] }, status: 200, body: { ...by, for: 'alice' } },
    { path: '/tools', status: 401 },
    { path: '/tools', agent: { ...travel, scopes: ['other'] }, status: 403 },
    { path: '/tools', agent: { ...travel, bind: 'none' }, status: 401 },
  ],
  'context.ts': [
    {
      path: '/tools',
      agent: { ...travel, via: ['planner-2'] },
      status: 200,
      body: { log: 'agent travel-7 for human alice, asked by agent planner-2' },
    },
  ],
  'place.ts': behindPublicRoutes,
  'order.ts': behindPublicRoutes,
  'optional.ts': [
    { path: '/catalog', status: 200, body: { caller: 'anonymous' } },
    { path: '/catalog', headers: { authorization: 'Basic eDp5' }, status: 401 },
    { path: '/catalog', agent: travel, status: 200, body: { caller: 'travel-7' } },
  ],
  'fastify.ts': [...tools, metadata],
  'hono.ts': [...tools, metadata],
  'proxies.ts': [
    { path: '/tools', agent: travel, status: 200, body: by },
    { path: '/tools', status: 401 },
  ],
  'gate.ts': tools,
  'node.ts': [{ path: '/tools', agent: travel, status: 200, body: 'travel-7' }, ...tools.slice(1)],
  'upgrades.ts': [
    { path: '/', upgrade: true, agent: { ...travel, scopes: ['events:read'] }, status: 101, body: 'hello travel-7' },
    { path: '/', upgrade: true, agent: travel, status: 403 },
    { path: '/', upgrade: true, status: 401 },
  ],
  'streams.ts': [
    { path: '/events', agent: { ...travel, scopes: ['events:read'], lifetimeSeconds: 1 }, status: 200, body: events },
    { path: '/events', agent: travel, status: 403 },
  ],
  'access.ts': [
    booking({ scopes: ['bookings:write', 'payments:write'] }, 200),
    booking({ scopes: ['bookings:write'] }, 403),
    booking({ scopes: ['bookings:write', 'payments:write'], human: undefined }, 403),
    { path: '/ledger', agent: auditor, status: 200, body: { by: 'auditor-1' } },
    { path: '/ledger', agent: { ...auditor, scopes: ['ledger:write'] }, status: 403 },
    { path: '/ledger', agent: { ...auditor, via: ['planner-2'] }, status: 403 },
    { path: '/ledger', agent: travel, status: 403 },
    { method: 'DELETE', path: '/account', agent: travel, status: 403 },
    { method: 'DELETE', path: '/account', agent: alone('urn:example:mfa'), status: 200 },
    { method: 'DELETE', path: '/account', agent: alone('urn:example:password'), status: 401 },
    { path: '/accounts/7', agent: withDetail('7'), status: 200, body: { account: '7' } },
    { path: '/accounts/8', agent: withDetail('7'), status: 403 },
    { path: '/trips', agent: travel, status: 200, body: by },
    { path: '/trips', agent: { ...travel, human: 'bob' }, status: 403 },
  ],
  'policy.ts': [
    { method: 'POST', path: '/payments', agent: payer, status: 200, body: by },
    { method: 'POST', path: '/payments', agent: { ...payer, human: 'mallory' }, status: 403 },
    { method: 'POST', path: '/payments', agent: travel, status: 403 },
  ],
  'core.ts': [
    { path: '/tools', agent: travel, status: 200, body: 'agent travel-7 for human alice' },
    { path: '/tools', agent: { ...travel, scopes: [] }, status: 403 },
    { path: '/tools', status: 401 },
  ],
  'mtls.ts': [
    { path: '/tools', agent: { ...travel, certificate: true }, status: 200, body: { ...by, proven: 'mtls' } },
    {
      path: '/tools',
      agent: { ...travel, certificate: true, bind: 'both' },
      status: 200,
      body: { ...by, proven: 'dpop+mtls' },
    },
    { path: '/tools', agent: { ...travel, bind: 'dpop' }, status: 200, body: { ...by, proven: 'dpop' } },
    { path: '/tools', status: 401 },
  ],
  'errors.ts': [{ path: '/tools', status: 401, body: { problem: 'credentials_missing' } }],
  'audit.ts': [
    { path: '/tools', agent: travel, status: 200 },
    { path: '/tools', agent: { ...travel, scopes: [] }, status: 403 },
  ],
  'report.ts': [
    { path: '/tools', agent: travel, status: 200, body: by },
    { path: '/report', agent: travel, status: 403 },
    { path: '/report', agent: { ...travel, scopes: ['report:read'] }, status: 200 },
  ],
  'nonces.ts': [
    { path: '/tools', agent: travel, status: 401 },
    { path: '/tools', agent: travel, status: 200, body: by },
  ],
  'proxy.ts': [
    { path: '/tools', publicUrl: 'https://api.example.com/v1', agent: travel, status: 200, body: by },
    { path: '/tools', agent: travel, status: 401 },
  ],
  'revocation.ts': [
    { path: '/tools', agent: travel, status: 200, body: by },
    { path: '/tools', agent: { ...travel, subject: 'rogue-1' }, status: 401 },
    { path: '/tools', agent: { ...travel, via: ['rogue-1'] }, status: 401 },
  ],
  'revoke.ts': [
    { path: '/tools', agent: travel, status: 200, body: by },
    { method: 'POST', path: '/agents/stop', agent: travel, status: 403 },
    { path: '/tools', agent: travel, status: 200, body: by },
    { method: 'POST', path: '/agents/stop', agent: { ...travel, scopes: ['agents:stop'] }, status: 204 },
    { path: '/tools', agent: travel, status: 401 },
    { path: '/tools', agent: { ...travel, human: 'bob' }, status: 200, body: by },
  ],
  'owners.ts': [
    { path: '/tools', agent: travel, status: 200, body: { ...by, owner: 'travel-team@example.com' } },
    { path: '/tools', agent: { ...travel, subject: 'rogue-1' }, status: 401 },
    { path: '/tools', agent: { ...travel, via: ['rogue-1'] }, status: 401 },
    { path: '/tools', agent: { ...travel, subject: 'stray-2' }, status: 401 },
  ],
  'observe.ts': [
    { path: '/tools', agent: travel, status: 200, body: { tools: [] } },
    { path: '/tools', status: 200, body: { tools: [] } },
    { path: '/report', server: 1, status: 200 },
    { path: '/report', status: 404 },
  ],
  'observation.ts': [
    { path: '/tools', agent: travel, status: 200, body: { signature: 'held' } },
    { path: '/tools', status: 200, body: { signature: 'unknown' } },
  ],
  'report-only.ts': [
    { path: '/tools', agent: travel, status: 200, body: { ...by, wouldRefuse: [] } },
    {
      path: '/tools',
      agent: { ...travel, lifetimeSeconds: 3_600 },
      status: 200,
      body: { ...by, wouldRefuse: ['token_lifetime'] },
    },
    { path: '/tools', status: 401 },
  ],
  'tried.ts': [
    {
      method: 'POST',
      path: '/payments',
      agent: { ...travel, scopes: ['pay'], human: undefined },
      status: 200,
      body: by,
    },
    { method: 'POST', path: '/payments', agent: travel, status: 403 },
  ],
  'explain.ts': [],
  'shutdown.ts': tools.filter(({ status }) => status !== 403),
  'before.ts': [{ path: '/tools', status: 401 }],
  'after.ts': [
    { path: '/tools', agent: travel, status: 200, body: { for: 'alice' } },
    { path: '/tools', agent: { ...travel, scopes: [] }, status: 403 },
    { path: '/tools', status: 401 },
  ],
  'introspection.ts': [
    { path: '/tools', agent: travel, status: 200, body: by },
    { path: '/tools', status: 401 },
  ],
  'issuers.ts': [],
  'auth0.ts': [],
  'okta.ts': [],
  'entra.ts': [],
  'keycloak.ts': [],
  'zitadel.ts': [],
  'workos.ts': [],
  'cognito.ts': [],
  'scalekit.ts': [],
  'stytch.ts': [],
  'fusionauth.ts': [],
  'wso2.ts': [],
  'oidc-provider.ts': [],
  'own-dialect.ts': [],
  'tenants.ts': [],
  'replay.ts': [],
  'audit-log.ts': [],
  'daily-figures.ts': [],
  'daily-report.ts': [],
  'redis.ts': [],
  'redis-revocations.ts': [],
  'client.ts': [],
  'agent-key.ts': [],
  'agent-hardware.ts': [],
  'agent-token.ts': [],
  'agent-call.ts': [],
  'agent-exchange.ts': [],
  'mcp.ts': [
    toolCall('search', shopper, 200, 'two books'),
    toolCall('search', { ...shopper, scopes: ['pay'] }, 403),
    toolCall('pay', { ...shopper, scopes: ['pay'] }, 200, 'travel-7 paid cart 1 of alice'),
    toolCall('pay', { ...shopper, scopes: ['pay'] }, 200, 'travel-7 paid cart 2 of alice'),
    toolCall('pay', { ...shopper, scopes: ['pay'], human: 'bob' }, 200, 'travel-7 paid cart 1 of bob'),
    toolCall('pay', { ...shopper, scopes: ['pay'], human: undefined }, 403),
    toolCall('other', shopper, 403),
    { path: '/.well-known/oauth-protected-resource/mcp', status: 200 },
    { method: 'POST', path: '/mcp', sends: {}, status: 401 },
  ],
  'mcp-fetch.ts': [
    toolCall('search', shopper, 200),
    toolCall('search', { ...shopper, scopes: ['pay'] }, 403),
    toolCall('other', shopper, 403),
    { ...toolCall('search', shopper, 400), sends: {} },
    { path: '/.well-known/oauth-protected-resource/mcp', status: 200 },
    { method: 'POST', path: '/mcp', sends: {}, status: 401 },
  ],
  'mcp-sessions.ts': [
    { ...toolCall('search', shopper, 200), sends: initialize },
    // Without a session, with a wrong one, and without the scope.
    toolCall('search', shopper, 400),
    { ...toolCall('search', shopper, 404), headers: { ...accepts, 'mcp-session-id': 'x' } },
    toolCall('search', { ...shopper, scopes: ['other'] }, 403),
  ],
  'shared-store.ts': [],
  'summary.ts': [],
  'prometheus.ts': [...watched, { path: '/metrics', status: 200 }],
  'otel.ts': watched,
  'pino.ts': watched,
}

/** Snippets whose packages need the DOM's types. */
export const needDom: readonly string[] = ['hono.ts', 'gate.ts']

/** Snippets of the MCP SDKs, whose types do not hold under exactOptionalPropertyTypes. */
export const needLooseTypes: readonly string[] = ['mcp.ts', 'mcp-fetch.ts', 'mcp-sessions.ts']

/** Snippets whose document shows, in its next block, all they print. */
export const printsNextBlock: readonly string[] = [
  'audit.ts',
  'audit-log.ts',
  'daily-report.ts',
  'issuers.ts',
  'replay.ts',
  'shared-store.ts',
  'summary.ts',
]

/** Snippets whose document shows, in its next block, the context they print. */
export const printsContext: readonly string[] = ['first.ts', 'context.ts']

/** What others print. */
export const outputOf: Readonly<Record<string, string>> = {
  'agent-key.ts': 'crv ext key_ops kty x y false\n',
  'daily-figures.ts': 'replay attempts in 24 hours: 0\nactors with an owner: 0 of 0\n',
  'errors.ts': 'credentials_missing {}\n',
  'explain.ts': "[ { code: 'credentials_missing', facts: {} } ] unknown undefined\n",
}

function booking(more: Readonly<Record<string, unknown>>, status: number): Request {
  return { method: 'POST', path: '/bookings', agent: { ...travel, ...more }, status }
}

function toolCall(name: string, agent: Caller, status: number, text?: string): Request {
  const sends = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }
  const body = text && `event: message\ndata: ${JSON.stringify(answerOf(text))}\n\n`
  return { method: 'POST', path: '/mcp', headers: accepts, agent, sends, status, ...(body && { body }) }
}

function answerOf(text: string): object {
  return { result: { content: [{ type: 'text', text }] }, jsonrpc: '2.0', id: 1 }
}

/** A human's own token, in the hands of a client that is no agent. */
function alone(acr: string): Caller {
  const claims = { sub: 'alice', sub_profile: 'user', acr, auth_time: Math.floor(Date.now() / 1000) }
  return { subject: 'web-app', claims }
}

function withDetail(id: string): Caller {
  return { ...travel, claims: { authorization_details: [{ type: 'account', id }] } }
}
