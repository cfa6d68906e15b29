import type { Section } from './results.ts'

/** In the order they run. Each is loaded only in the process that runs it. */
export const sections: Readonly<Record<string, { readonly title: string; run(): Promise<Section> }>> = {
  pipeline: { title: 'Good requests', run: async () => (await import('./sections/pipeline.ts')).pipeline },
  refusals: {
    title: 'Refusals ÷ one verification',
    run: async () => (await import('./sections/refusals.ts')).refusals,
  },
  hostile: {
    title: 'Refusals of the dearest octets ÷ one verification',
    run: async () => (await import('./sections/hostile.ts')).hostile,
  },
  peers: { title: 'Other libraries, same requests', run: async () => (await import('./sections/peers.ts')).peers },
  http: { title: 'HTTP, 32 connections', run: async () => (await import('./sections/http.ts')).http },
  'replay-store': {
    title: 'Replay store',
    run: async () => (await import('./sections/replay-store.ts')).replayStore,
  },
  redis: {
    title: 'Replay memory in Redis, 32 connections',
    run: async () => (await import('./sections/redis.ts')).redis,
  },
  mcp: { title: 'Rules of MCP servers', run: async () => (await import('./sections/mcp.ts')).mcp },
  growth: { title: 'Growth', run: async () => (await import('./sections/growth.ts')).growth },
  'event-loop': {
    title: '500 good requests a second beside a flood',
    run: async () => (await import('./sections/event-loop.ts')).eventLoop,
  },
  audit: { title: 'Audit log', run: async () => (await import('./sections/audit.ts')).audit },
  parts: { title: 'Parts', run: async () => (await import('./sections/parts.ts')).parts },
}
