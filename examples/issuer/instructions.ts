import type { DialectName } from 'onbehalf'
import type { Agents } from './agent-files.ts'
import type { Arguments } from './arguments.ts'
import { apiOptions } from './dialects/api-options.ts'
import { losses } from './dialects/losses.ts'

export interface Told extends Pick<Arguments, 'resource' | 'scope' | 'dialect'> {
  readonly issuer: string
  readonly agents: Agents
  readonly password: string
}

/** What `npm run issuer` prints: commands to try it with. */
export function instructions({ issuer, resource, scope, dialect, agents, password }: Told): string {
  const call = 'node dist-examples/issuer/call.js'
  const url = `${resource.replace(/\/$/, '')}/tools`
  return [
    `The issuer: ${issuer}`,
    `Its tokens are for ${resource} (--resource URL names another API), with the scopes ${scope} (--scope).`,
    ...losses[dialect].map((loss) => `  A token of ${dialect} may not say: ${loss}`),
    '',
    'In other terminals, in the folder of the package:',
    '',
    ...apiStep({ issuer, resource, dialect }),
    '2. An agent that acts for itself:',
    `   ${call} ${agents.auditor} GET ${url}`,
    '3. An agent that acts for alice, who has to consent:',
    `   ${call} ${agents.planner} GET ${url} --for-human`,
    `   She signs in as alice with the password ${password}`,
    `4. She sees what she has allowed, and takes it back: ${issuer}/grants`,
    '',
    'Ctrl+C stops the issuer and deletes the keys of the agents.',
  ].join('\n')
}

/** The API of the examples reads these without being told. */
const plain: readonly DialectName[] = ['actor-profile', 'rfc9068']

function apiStep({ issuer, resource, dialect }: Pick<Told, 'issuer' | 'resource' | 'dialect'>): readonly string[] {
  if (!plain.includes(dialect)) {
    const options = JSON.stringify(apiOptions(dialect, { issuer, resource, agents: ['planner', 'auditor'] }))
    return ['1. Your API, with these options for the issuer:', `   ${options}`]
  }
  const [, port] = /^http:\/\/127\.0\.0\.1:(\d+)\/?$/.exec(resource) ?? []
  if (port === undefined) return [`1. Your API, with the issuer ${issuer}`]
  return [
    '1. An API to call, unless you have one:',
    `   ISSUER=${issuer} PORT=${port} node dist-examples/express-api/http.js`,
  ]
}
