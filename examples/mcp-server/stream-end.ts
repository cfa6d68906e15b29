import type { Request, RequestHandler } from 'express'
import type { Verifier } from 'onbehalf'

/** Streams outlive their request: they end with the token that they were opened with, by expiry or revocation. */
export function endWithToken(verifier: Verifier): RequestHandler {
  return (req, res, next) => {
    if (!isStream(req)) return next()
    const lease = verifier.lease(req.agentContext)
    const end = () => res.destroy()
    // Requests are let in some seconds past the token's end, for clocks differ; streams are not. A client that left while it
    // was judged closes nothing any more.
    if (lease.aborted || res.destroyed) return end()
    lease.addEventListener('abort', end, { once: true })
    res.once('close', () => lease.removeEventListener('abort', end))
    next()
  }
}

/** The stream of revision 2025-11-25, and that of 2026-07-28. */
function isStream({ method, body }: Request): boolean {
  return method === 'GET' || (body as { method?: unknown } | undefined)?.method === 'subscriptions/listen'
}
