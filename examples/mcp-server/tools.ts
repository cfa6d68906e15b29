import { type AgentContext, sentence } from 'onbehalf'
import { agentContextOf, stateOwner } from 'onbehalf/mcp'
import { z } from 'zod'

export interface Tool {
  readonly name: string
  readonly description: string
  readonly inputSchema: z.ZodObject
  run(input: Readonly<Record<string, unknown>>, ctx: unknown): string
}

/** The tools, which both SDKs serve. `ctx` is what the SDK hands to a tool. */
export function createTools(): readonly Tool[] {
  // Under a key of its owner: another user, agent or client cannot name it.
  const bookings = new Map<string, string[]>()

  return [
    {
      name: 'list_rooms',
      description: 'Every room',
      inputSchema: z.object({}),
      run: () => 'Amber, Birch',
    },
    {
      name: 'read_calendar',
      description: 'What this caller has booked',
      inputSchema: z.object({}),
      run: (_input, ctx) => bookings.get(stateOwner(ctx, 'bookings'))?.join(', ') ?? 'nothing',
    },
    {
      name: 'book_room',
      description: 'Books a room for the user',
      inputSchema: z.object({ room: z.enum(['Amber', 'Birch']) }),
      run({ room }, ctx) {
        const owner = stateOwner(ctx, 'bookings')
        bookings.set(owner, [...(bookings.get(owner) ?? []), String(room)])
        return `${room}, by ${sentence(agentContextOf(ctx))}`
      },
    },
    {
      name: 'rebuild_index',
      description: 'Rebuilds the index of rooms',
      inputSchema: z.object({}),
      run: (_input, ctx) => `rebuilt by ${sentence(agentContextOf(ctx))}`,
    },
  ]
}

export type Allows = (context: AgentContext, method: string, name: string) => boolean

/** What `tools/list` shows: the tools that this caller may be able to call. The rules decide again on each call. */
export function toolsFor(tools: readonly Tool[], allows: Allows, ctx: unknown): readonly Tool[] {
  const context = agentContextOf(ctx)
  return tools.filter(({ name }) => allows(context, 'tools/call', name))
}
