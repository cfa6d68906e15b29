/** A global of the DOM that the declarations of the MCP SDK take for granted; Node's own have it inside RequestInit only. */
type HeadersInit = NonNullable<RequestInit['headers']>
