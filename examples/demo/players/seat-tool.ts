import { createSeatTool } from '../../chain/seat-tool.ts'
import { playService } from '../service.ts'

await playService('/mcp', ({ next, ...parts }) => createSeatTool({ ...parts, payments: next }))
