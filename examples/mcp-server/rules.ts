import { type McpAccess, mcpAccess } from 'onbehalf/mcp'

/** Who may call which tool, for whom. The SDK's tools know nothing of it. */
export const access: McpAccess = mcpAccess({
  'tools/call': {
    // Every caller that the door admits.
    list_rooms: {},
    read_calendar: { scopes: ['calendar:read'] },
    // The agent of a human, who has just confirmed it with a second factor (RFC 9470).
    book_room: {
      scopes: ['calendar:write'],
      authority: 'delegated',
      principal: { kind: 'human' },
      acr: ['urn:example:mfa'],
    },
    // An agent's own work: a token with which it acts for somebody does not do.
    rebuild_index: { scopes: ['index:write'], authority: 'independent', actor: { kind: 'agent' } },
    '*': 'deny',
  },
  'subscriptions/listen': { scopes: ['calendar:read'] },
  '*': 'deny',
})
