import { createAdmissions } from '../../src/adapter/index.ts'
import { createVerifier } from '../../src/index.ts'
import { createMcpGuard, type McpGuard } from '../../src/mcp/guard.ts'
import type { McpTable } from '../../src/types/mcp.ts'
import { createAgent, createAuthority, resource } from '../keys.ts'
import { type Effort, ratioOf } from '../ratio.ts'
import { goodView } from '../requests.ts'
import type { Depth, Measurement, Section } from '../results.ts'
import { measured } from './pipeline.ts'

/** What the rules of an MCP server cost for a request that the guard has admitted. */

const efforts: Readonly<Record<Depth, Effort>> = {
  check: { batches: 20, warmUp: 30, batchSize: 400, perSample: 20 },
  full: { batches: 60, warmUp: 60, batchSize: 400, perSample: 20 },
}

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'tool-1', arguments: { query: 'flights from Lisbon to Oslo', limit: 10 } },
})

export const mcp: Section = async (depth: Depth): Promise<readonly Measurement[]> => {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource })
  const agent = await createAgent(authority)
  const { admit } = createAdmissions(verifier)
  const [few, many] = [createMcpGuard(tableOf(2)), createMcpGuard(tableOf(2_000))]

  /** Of an admitted request with its own proof. */
  function judging(): (guard: McpGuard) => void {
    const request = {}
    const entry = admit(request, goodView(agent))
    if (entry instanceof Promise || entry.kind !== 'admitted') throw new Error('not admitted, or not at once')
    const parsed: unknown = JSON.parse(body)
    return (guard) => {
      if (guard.judge(request, 'POST', parsed) !== undefined) throw new Error('not allowed, or not at once')
    }
  }

  const batchOf = (raw: (judge: (guard: McpGuard) => void) => void) => (size: number) =>
    Array.from({ length: size }, () => {
      const judge = judging()
      return { raw: () => raw(judge), ours: () => judge(many) }
    })
  return [
    measured(
      'mcpAccess ÷ JSON parsing of the message',
      ratioOf(
        batchOf(() => void JSON.parse(body)),
        efforts[depth],
      ),
    ),
    measured(
      'a rule among 2 000 tools ÷ among 2',
      ratioOf(
        batchOf((judge) => judge(few)),
        efforts[depth],
      ),
      { max: 1.1 },
    ),
  ]
}

function tableOf(count: number): McpTable {
  const names = Object.fromEntries(Array.from({ length: count }, (_, at) => [`tool-${at}`, { scopes: ['tools:read'] }]))
  return { 'tools/call': { ...names, '*': 'deny' }, '*': 'deny' }
}
