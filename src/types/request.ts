/** A request as it arrived, before any framework normalised it. */
export interface RequestView {
  /** As it arrived, case kept. */
  readonly method: string
  /** Raw request target as the client sent it (Express: `originalUrl`). */
  readonly target: string
  /** Every field line of that name, in order, never joined. Names starting with `:` are none. */
  header(name: string): readonly string[]
  /** For the audit alone: the pattern of the route, where the framework has chosen one. It is read when an event is made. */
  readonly route?: string | null | undefined
  /** The other end of the connection. */
  readonly peer?: RequestPeer | undefined
}

export interface RequestPeer {
  /** The remote address of the socket itself, never one from a header. */
  readonly address?: string | undefined
  /** Why there is no address: the listener is a Unix socket, or the host hands over requests without one. */
  readonly local?: 'unix' | 'host' | undefined
  /**
   * The same object for all requests of one connection. While forged signatures arrive in numbers, connections that have
   * shown a good signature are served before others; it decides nothing else.
   */
  readonly connection?: object | undefined
  /** Whether the connection is TLS. Over one that is not, the metadata does not offer mutual TLS. Undefined: not known. */
  readonly encrypted?: boolean | undefined
  /** The DER of the TLS client certificate of the connection; undefined where there is none. */
  certificate?(): Uint8Array | undefined
}
