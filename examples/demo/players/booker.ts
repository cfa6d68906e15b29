import { createBookingAgent } from '../../chain/booking-agent.ts'
import { playService } from '../service.ts'

await playService('', ({ next, ...parts }) => createBookingAgent({ ...parts, tool: next }))
