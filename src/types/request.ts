/** A request as it arrived, before any framework normalised it. */
export interface RequestView {
  /** As it arrived, case kept. */
  readonly method: string
  /** Raw request target as the client sent it (Express: `originalUrl`). */
  readonly target: string
  /** Every field line of that name, in order, never joined. Names starting with `:` are none. */
  header(name: string): readonly string[]
  /** Who sent it, as the transport tells. */
  readonly peer?:
    | {
        /** The remote address of the socket. */
        readonly address?: string | undefined
        /** Why there is no address: the listener is a Unix socket, or the host hands over requests without one. */
        readonly local?: 'unix' | 'host' | undefined
        /** The DER of the TLS client certificate. */
        certificate?(): Uint8Array | undefined
      }
    | undefined
}
