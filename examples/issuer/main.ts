import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { deleteAgents, writeAgents } from './agent-files.ts'
import { type DialectName, dialectNames } from './dialects/index.ts'
import { losses } from './dialects/losses.ts'
import { startIssuer } from './server.ts'

/** `npm run issuer`: the issuer on loopback with one person and two agents, to try an API with. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9000' },
    resource: { type: 'string', default: 'http://127.0.0.1:9100' },
    scope: { type: 'string', default: 'tools:read tools:write' },
    dialect: { type: 'string', default: 'actor-profile' },
  },
})
const { resource, scope } = values
const dialect = dialectNames.find((name) => name === values.dialect)
if (dialect === undefined) {
  console.error(`--dialect is one of ${dialectNames.join(', ')}`)
  process.exit(2)
}

const password = randomBytes(6).toString('base64url')
const running = await startIssuer({
  port: Number(values.port),
  resources: [{ id: resource, scopes: scope.split(' ') }],
  people: [{ id: 'alice', name: 'Alice', password }],
  dialect,
})
const agents = await writeAgents(running, { resource, scope })
console.log(instructions(dialect))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await deleteAgents(agents)
    await running.close()
  })
}

function instructions(written: DialectName): string {
  const { issuer } = running
  const call = 'node dist-examples/issuer/call.js'
  return [
    `The issuer: ${issuer}`,
    `Its tokens are for ${resource} (--resource URL names another API), with the scopes ${scope} (--scope).`,
    ...(written === 'actor-profile'
      ? []
      : [`They are written as ${written} writes them: give your API the dialect '${written}'.`]),
    ...(losses[written] ?? []).map((loss) => `  ${written} does not say: ${loss}`),
    '',
    'In other terminals, in the folder of the package:',
    '',
    '1. An API to call, unless you have one:',
    `   ISSUER=${issuer} PORT=9100 node dist-examples/express-api/http.js`,
    '2. An agent that acts for itself:',
    `   ${call} ${agents.auditor} GET ${resource}/tools`,
    '3. An agent that acts for alice, who has to consent:',
    `   ${call} ${agents.planner} GET ${resource}/tools --for-human`,
    `   She signs in as alice with the password ${password}`,
    `4. She sees what she has allowed, and takes it back: ${issuer}/grants`,
    '',
    'Ctrl+C stops the issuer and deletes the keys of the agents.',
  ].join('\n')
}
