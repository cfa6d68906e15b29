/** Handlers of agentAuth that let nobody in without credentials, for the reading of routes. */
const strictDoors = new WeakSet<object>()

export function declareDoor<T extends object>(handler: T): T {
  strictDoors.add(handler)
  return handler
}

export function isDoor(handler: unknown): boolean {
  return typeof handler === 'function' && strictDoors.has(handler)
}
