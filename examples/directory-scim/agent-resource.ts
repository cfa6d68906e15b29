import type { EntityClaims } from 'onbehalf'

/**
 * Reads what a SCIM service answers (RFC 7644 §3.4.2) about one agent (draft-abbey-scim-agent-extension). It throws where the
 * answer is not what was asked for: who cannot be told is refused. Undefined: the service knows no such agent.
 */
export function readAgent(answer: unknown, subject: string): EntityClaims | { disabled: true } | undefined {
  const list = requireObject(answer)
  requireSchema(list, 'urn:ietf:params:scim:api:messages:2.0:ListResponse')
  const { totalResults, Resources: resources = [] } = list
  if (totalResults === 0) return undefined
  // A subject names one agent: of two that share it, neither can be meant.
  if (totalResults !== 1 || !Array.isArray(resources) || resources.length !== 1) throw new Error('not one agent')
  const agent = requireObject(resources[0])
  requireSchema(agent, 'urn:ietf:params:scim:schemas:core:2.0:Agent')
  // Services compare text without regard to case; tokens do not.
  if (agent['subject'] !== subject) throw new Error('another subject')
  const { id, active = false, owners = [] } = agent
  if (typeof active !== 'boolean') throw new Error('active is no boolean')
  if (!active) return { disabled: true }
  if (typeof id !== 'string') throw new Error('an agent without id')
  const owner = readOwners(owners)
  // The id of its registration says under which rules the agent runs.
  return { governance: id, ...(owner.length > 0 && { owner }) }
}

/** The ids of users and groups. The verifier takes 32 at most. */
function readOwners(owners: unknown): readonly string[] {
  if (!Array.isArray(owners)) throw new Error('owners is no list')
  return owners.slice(0, 32).map((item) => {
    const { value } = requireObject(item)
    if (typeof value !== 'string') throw new Error('an owner without id')
    return value
  })
}

function requireObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object')
  return value as Readonly<Record<string, unknown>>
}

/** Schema URIs are compared without regard to case (RFC 7643 §2.1). */
function requireSchema({ schemas }: Readonly<Record<string, unknown>>, wanted: string): void {
  const isThere = Array.isArray(schemas) && schemas.some((uri) => String(uri).toLowerCase() === wanted.toLowerCase())
  if (!isThere) throw new Error(`the schema ${wanted} is missing`)
}
