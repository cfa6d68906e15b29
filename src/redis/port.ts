/** A Redis client as this package needs it, whichever library it is from. */
export interface RedisPort {
  /** Sends one command to the server that holds `key`. */
  send(key: string, command: readonly string[]): Promise<unknown>
  /**
   * Sends two commands to that server over one connection, one right behind the other. Rejects where either fails, and
   * where the connection breaks before both are answered.
   */
  sendPair(key: string, first: readonly string[], second: readonly string[]): Promise<readonly [unknown, unknown]>
}
