import { createVerifier } from 'onbehalf'
import { createBookingAgent } from '../../chain/booking-agent.ts'
import { playService } from '../service.ts'

await playService({}, ({ options, next, ...parts }) =>
  createBookingAgent({ ...parts, verifier: createVerifier(options), tool: next }),
)
