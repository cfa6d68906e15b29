/** What is accepted of certificate-bound tokens (RFC 8705 §3). */
export interface MtlsOptions {
  /**
   * Where the client certificate comes from. There is one source; another one is never looked at. It is asked only for a
   * token that names `x5t#S256`. Neither the chain nor the dates of the certificate are checked (RFC 8705 §6.2).
   *
   * `'socket'`: the TLS connection of the request. No header field is read.
   *
   * A {@link ForwardedCertificate}: a header field that a proxy in front of this server sets.
   *
   * A function: it gets the request of the framework (in the core the view) and returns the DER, or undefined where there
   * is no certificate. It must be synchronous. Its bytes are hashed at each request. If it throws or returns anything but
   * bytes, there is no certificate (`certificate_missing`). Nothing checks where it takes the bytes from. Default: `'socket'`.
   */
  certificate?: 'socket' | ForwardedCertificate | ((request: object) => Uint8Array | undefined) | undefined
}

/**
 * A header field with the client certificate. The proxy must remove the client's own line of that name, also when there is
 * no certificate: whoever can write the field can present the certificate of another client, since certificates are public.
 */
export interface ForwardedCertificate {
  /**
   * The field and the form of its value: the name of a proxy, or the parts one by one. A value that does not have that form
   * is refused (`request_malformed`). Required.
   */
  header: CertificateHeader
  /**
   * From whom the field is taken: addresses and networks (`10.0.0.0/8`; an IPv4 address that is mapped into IPv6 counts as
   * the IPv4 address), `'unix'` for a server that listens on a Unix socket, `'host'` for hosts that tell no address
   * (`onbehalf/fetch` without `connection.address`). The address is that of the socket itself, never one from
   * `X-Forwarded-For`. For all others the field counts as absent, with the warning `certificate_header_ignored`. Required.
   */
  trustedProxies: readonly string[]
}

/**
 * `'client-cert'` (RFC 9440), `'x-forwarded-client-cert'` (Envoy), `'nginx'` (`ssl-client-cert`), `'alb'` and
 * `'alb-passthrough'` (`x-amzn-mtls-clientcert-leaf`, `x-amzn-mtls-clientcert`), `'traefik'`
 * (`x-forwarded-tls-client-cert`), or a field of your own.
 */
export type CertificateHeader =
  | 'client-cert'
  | 'x-forwarded-client-cert'
  | 'nginx'
  | 'alb'
  | 'alb-passthrough'
  | 'traefik'
  | CustomCertificateHeader

/** A field of a proxy that is set up in its own way. */
export interface CustomCertificateHeader {
  /**
   * The name of the field, in any case. A field whose name differs from it only in `-`, `_` or `.` is refused
   * (`request_malformed`). Required.
   */
  name: string
  /**
   * The form of the value. `'rfc9440'`: the DER in base64 between colons. `'xfcc'`: one element of Envoy's field, with
   * `Cert`. `'pem'`: PEM whose newlines may be spaces or `%0A`. `'pem-urlencoded'`: PEM, percent-encoded. `'der-base64'`:
   * the DER in base64, which may be percent-encoded or in quotes. Empty, `""`, `::` and `(null)` mean in all of them that
   * there is no certificate. Required.
   */
  format: 'rfc9440' | 'xfcc' | 'pem' | 'pem-urlencoded' | 'der-base64'
  /**
   * Whether the field may hold more than one certificate. `'refuse'`: it may not (`request_malformed`). `'leaf-first'`: the
   * first is the client's; PEM one after the other, `'der-base64'` with commas between. `'rfc9440'` and `'xfcc'` hold one
   * only. Default: `'refuse'`.
   */
  chain?: 'refuse' | 'leaf-first' | undefined
  /**
   * Another field that the proxy sets, and the one value with which the certificate counts, compared exactly. With any
   * other value, or without the field, there is no certificate. Default: no other field is read.
   */
  verified?: { header: string; equals: string } | undefined
}
