import { synchronousAnswer } from '../internal/maybe-promise.ts'
import { hintAtPlainConnection } from '../internal/process-warnings.ts'
import { sha256 } from '../jose/sha256.ts'
import type { CertificateSource } from '../options/certificate.ts'
import { Denial } from '../refusal/denial.ts'
import type { RequestView } from '../types/request.ts'
import { createCertificateHeaderReader } from './certificate-header.ts'
import { certificateThumbprint } from './certificate-thumbprint.ts'

/** The client certificate of a request, from the one source that the options name. */
export interface PresentedCertificate {
  /** Its `x5t#S256` (RFC 8705 §3.1). */
  thumbprint(view: RequestView, request: object): string | Denial
  /** Whether the configured field is there and does not count, because the peer is not trusted. */
  isIgnored(view: RequestView): boolean
}

const missing = new Denial('certificate_missing')

export function createPresentedCertificate(source: CertificateSource): PresentedCertificate {
  if (source.from === 'socket') {
    return { thumbprint: (view) => certificateThumbprint(view) ?? missingOn(view), isIgnored: () => false }
  }
  if (source.from === 'function') {
    return { thumbprint: (_view, request) => askFunction(source.read, request), isIgnored: () => false }
  }
  const header = createCertificateHeaderReader(source)
  return {
    thumbprint(view) {
      const der = header.read(view)
      if (der === undefined) return missing
      return der instanceof Denial ? der : sha256(der)
    },
    isIgnored: header.isIgnored,
  }
}

const nothing = Symbol('no certificate')

function missingOn({ peer }: RequestView): Denial {
  if (peer?.encrypted === false) hintAtPlainConnection()
  return missing
}

/** Hashed each time, because a function may fill one buffer again and again. */
function askFunction(read: (request: object) => unknown, request: object): string | Denial {
  const answer = synchronousAnswer<unknown>(() => {
    const given = read(request)
    return given === undefined ? nothing : given
  })
  if (answer === nothing) return missing
  if (answer instanceof Uint8Array && answer.length > 0) return sha256(answer)
  return new Denial('certificate_missing', { cause: 'mtls.certificate threw, or returned something else than bytes' })
}
