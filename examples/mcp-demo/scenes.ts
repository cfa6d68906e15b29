import type { TestIssuer } from 'onbehalf/testing'
import { createMcpAgent, createStockClient, type McpAgent } from './agent.ts'

export interface Scene {
  readonly name: string
  readonly agent: McpAgent
}

/** Who asks for what. What comes of it is read from the answers and the audit events. */
export async function* play(issuer: TestIssuer): AsyncGenerator<Scene> {
  // An agent of alice, who agrees when she is asked.
  const planner = await createMcpAgent(issuer, {
    id: 'planner',
    human: 'alice',
    scopes: ['calendar:write'],
    agrees: true,
  })
  expectTools(await planner.tools(), ['list_rooms', 'book_room'])

  expectText(await planner.call('list_rooms'), 'Amber, Birch')
  yield { name: 'an agent asks for what every caller may', agent: planner }

  expectText(await planner.call('read_calendar'), 'nothing')
  yield { name: 'a scope is missing, and its human grants it', agent: planner }

  expectText(await planner.call('book_room', { room: 'Amber' }), 'Amber, by agent planner for human alice')
  yield { name: 'its human confirms with a second factor', agent: planner }

  expectText(await planner.call('read_calendar'), 'Amber')
  yield { name: 'the booking is there for its owner', agent: planner }

  expectText(await planner.call('rebuild_index'), undefined)
  yield { name: 'what is done for a human is no job of the agent', agent: planner }

  expectText(await planner.call('delete_room'), undefined)
  yield { name: 'a tool without a rule', agent: planner }

  // An agent that works for itself.
  const indexer = await createMcpAgent(issuer, {
    id: 'indexer',
    scopes: ['index:write', 'calendar:write'],
    agrees: true,
  })
  expectText(await indexer.call('rebuild_index'), 'rebuilt by agent indexer')
  yield { name: 'an agent does its own job', agent: indexer }

  expectText(await indexer.call('book_room', { room: 'Birch' }), undefined)
  yield { name: 'it cannot book, for it acts for nobody', agent: indexer }

  // An agent of another user.
  const clerk = await createMcpAgent(issuer, { id: 'clerk', human: 'bob', scopes: ['calendar:read'], agrees: false })
  expectText(await clerk.call('read_calendar'), 'nothing')
  yield { name: "another user's agent does not see the booking", agent: clerk }

  expectText(await clerk.call('book_room', { room: 'Birch' }), undefined)
  yield { name: 'its human is not there to confirm', agent: clerk }

  await callUnderAnotherName(clerk, issuer.resource)
  yield { name: 'a gateway is told another tool than the server', agent: clerk }

  // A client without proofs.
  yield { name: 'a stock client without a token', agent: await createStockClient(issuer) }
  yield { name: 'a stock client with a token of an agent', agent: await createStockClient(issuer, planner.token()) }
}

/** What the scenes before have left of an agent, so that its next ones are its own. */
function expectTools(tools: readonly string[], expected: readonly string[]): void {
  if (tools.join() !== expected.join()) throw new Error(`the list of tools is ${tools.join()}`)
}

function expectText(text: string | undefined, expected: string | undefined): void {
  if (text !== expected) throw new Error(`the tool said ${text}, not ${expected}`)
}

/** A header says `list_rooms`, the body `read_calendar`. */
async function callUnderAnotherName(agent: McpAgent, url: string): Promise<void> {
  const response = await agent.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'mcp-method': 'tools/call', 'mcp-name': 'list_rooms' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_calendar' } }),
  })
  await response.body?.cancel()
}
