import type { Request, RequestHandler } from 'express'
import type { Verifier } from 'onbehalf'

/** Answers that last end with the token that they were asked for with, by expiry or revocation: streams and long calls. */
export function endWithToken(verifier: Verifier): RequestHandler {
  return (req, res, next) => {
    const lease = verifier.lease(req.agentContext)
    const end = () => res.destroy()
    // A client that left while it was judged closes nothing any more.
    if (res.destroyed) return
    // Requests are let in some seconds past the token's end, for clocks differ; streams are not.
    if (lease.aborted) return isStream(req) ? end() : next()
    lease.addEventListener('abort', end, { once: true })
    res.once('close', () => lease.removeEventListener('abort', end))
    next()
  }
}

/** The stream of revision 2025-11-25, and that of 2026-07-28, which may be in a batch. */
function isStream({ method, body }: Request): boolean {
  return method === 'GET' || [body].flat().some((message) => message?.method === 'subscriptions/listen')
}
