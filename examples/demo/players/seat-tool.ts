import { createVerifier } from 'onbehalf'
import { createSeatTool } from '../../chain/seat-tool.ts'
import { playService } from '../service.ts'

await playService({ path: '/mcp' }, ({ options, next, ...parts }) => {
  const verifier = createVerifier({ ...options, dpop: { preset: 'mcp' } })
  return createSeatTool({ ...parts, verifier, payments: next })
})
