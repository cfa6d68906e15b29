import { express5Door } from '../doors/express.ts'
import { testDpopSuite } from './mcp-dpop-suite.ts'

testDpopSuite({
  name: 'a route',
  start: (options) => express5Door.start({ options, routes: [{ path: '/mcp', method: 'POST' }] }),
})
