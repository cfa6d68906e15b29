/** The JSON-RPC messages of a POST, as far as rules need them. */

export interface Message {
  /** Undefined: a response. */
  readonly method: string | undefined
  /** `params.name`, for resources `params.uri`; undefined where it is missing or no text. */
  readonly name: string | undefined
  /** What `Mcp-Name` says as well: the name, for tasks `params.taskId` (SEP-2243, SEP-2663). */
  readonly mirrored: string | undefined
  /** Where there is a name that is no text, no rule of a function may see the message. */
  readonly isNameOdd: boolean
  readonly params: Readonly<Record<string, unknown>>
  readonly id: string | number | null
}

const mostMessages = 32
const none: Readonly<Record<string, unknown>> = Object.freeze({})

/** Undefined: not every part of it is a message, or there are none or too many. */
export function readMessages(body: object): readonly Message[] | undefined {
  if (!Array.isArray(body)) {
    const message = readMessage(body)
    return message && [message]
  }
  if (body.length === 0 || body.length > mostMessages) return undefined
  const messages = body.map(readMessage)
  return messages.every((message) => message !== undefined) ? messages : undefined
}

/** The id that the answer to the body names (JSON-RPC 2.0 §5): null where there is not exactly one. */
export function answeredId(messages: readonly Message[] | undefined): string | number | null {
  return messages?.length === 1 ? (messages[0]?.id ?? null) : null
}

/** JSON-RPC 2.0 §4 and §5: own members alone, since a prototype is no part of what was sent. */
function readMessage(value: unknown): Message | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { jsonrpc, method, params, id, result, error } = { __proto__: null, ...value } as Record<string, unknown>
  if (jsonrpc !== '2.0') return undefined
  const hasId = typeof id === 'string' || typeof id === 'number'
  const hasOutcome = result !== undefined || error !== undefined
  if (method === undefined) {
    return hasOutcome && (hasId || (id === null && error !== undefined)) ? response : undefined
  }
  if (typeof method !== 'string' || hasOutcome || !(hasId || id === undefined)) return undefined
  if (params !== undefined && (typeof params !== 'object' || params === null)) return undefined
  const given = (params ?? none) as Readonly<Record<string, unknown>>
  const name = ownMember(given, method.startsWith('resources/') ? 'uri' : 'name')
  return {
    method,
    name: textOrNone(name),
    mirrored: textOrNone(method.startsWith('tasks/') ? ownMember(given, 'taskId') : name),
    isNameOdd: name !== undefined && typeof name !== 'string',
    params: given,
    id: hasId ? id : null,
  }
}

function ownMember(params: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(params, name) ? params[name] : undefined
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const response: Message = Object.freeze({
  method: undefined,
  name: undefined,
  mirrored: undefined,
  isNameOdd: false,
  params: none,
  id: null,
})
