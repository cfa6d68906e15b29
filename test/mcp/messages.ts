/** Requests as the clients of both revisions send them. */
import type { Field } from '../doors/wire.ts'

export interface Revision {
  readonly name: '2025-11-25' | '2026-07-28'
  message(method: string, params?: Readonly<Record<string, unknown>>): object
  /** What goes with it. */
  headers(method: string, params?: Readonly<Record<string, unknown>>): Record<string, string>
}

const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

export const handshake: Revision = {
  name: '2025-11-25',
  message: (method, params = {}) => ({ jsonrpc: '2.0', id: 1, method, params }),
  headers: () => ({ ...common, 'mcp-protocol-version': '2025-11-25' }),
}

export const stateless: Revision = {
  name: '2026-07-28',
  message: (method, params = {}) => ({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } }),
  headers(method, params = {}) {
    const name = params['name'] ?? params['uri']
    return {
      ...common,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name !== undefined && { 'mcp-name': String(name) }),
    }
  },
}

export function fieldsOf(headers: Record<string, string>): readonly Field[] {
  return Object.entries(headers)
}
