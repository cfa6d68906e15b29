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
  /** The socket: remote address, and the DER of the TLS client certificate. */
  readonly peer?: { readonly address?: string | undefined; certificate?(): Uint8Array | undefined } | undefined
}
