import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { deviceGrant } from './registration.ts'
import type { RunningIssuer } from './server.ts'

/** What `call.js` reads: an agent, its key, and the API that it calls. A real agent has its key where files are not read. */
export interface AgentFile {
  readonly id: string
  readonly issuer: string
  readonly resource: string
  /** What the agent may ask for. */
  readonly scope: string
  readonly privateJwk: JWK
}

/** The paths of the files. */
export interface Agents {
  readonly planner: string
  readonly auditor: string
}

/** Two agents with fresh keys: one that acts for people who consent, and one that acts for itself. */
export async function writeAgents(
  running: RunningIssuer,
  target: { readonly folder: string; readonly resource: string; readonly scope: string },
): Promise<Agents> {
  const write = (id: string, name: string, grant: string) => writeAgent(running, { id, name, grant, ...target })
  return {
    planner: await write('planner', 'Travel planner', deviceGrant),
    auditor: await write('auditor', 'Auditor', 'client_credentials'),
  }
}

interface AgentDescription {
  readonly folder: string
  readonly id: string
  readonly name: string
  readonly grant: string
  readonly resource: string
  readonly scope: string
}

async function writeAgent(running: RunningIssuer, agent: AgentDescription): Promise<string> {
  const { id, resource, scope } = agent
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  await running.addClient({
    client_id: id,
    client_name: agent.name,
    owner: 'You',
    client_profile: 'ai_agent',
    scope,
    may_reach: [resource],
    grant_types: [agent.grant],
    token_endpoint_auth_method: 'private_key_jwt',
    dpop_bound_access_tokens: true,
    jwks: { keys: [await exportJWK(publicKey)] },
  })
  const path = join(agent.folder, `${id}.json`)
  const file: AgentFile = { id, issuer: running.issuer, resource, scope, privateJwk: await exportJWK(privateKey) }
  await writeFile(path, JSON.stringify(file), { mode: 0o600 })
  return path
}
