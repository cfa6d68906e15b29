import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Verifier } from 'onbehalf'

/**
 * Ends one replica without losing a request, in this order:
 *
 * 1. It takes no more connections: nginx finds them refused and sends to the other replica. Requests under way go on, and so
 *    do those that arrive on connections that are open. `drainMs` is for both.
 * 2. `verifier.close()` ends the leases, and with them the streams, and writes the audit events. Not before step 1 is over:
 *    events of requests that arrive later are dropped.
 * 3. What is still open gets as long again, and is then cut off.
 */
export async function shutDown(server: Server, verifier: Verifier, drainMs: number): Promise<void> {
  const closed = stopListening(server)
  await within(drainMs, closed)
  await verifier.close()
  await within(drainMs, closed)
  server.closeAllConnections()
}

/**
 * Resolves when the last connection is gone. `server.close()` of `node:http` would also cut off idle connections, on which
 * nginx may be sending a request at this very moment; that of `node:net`, on which it is built, leaves them to nginx.
 */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()))
}

async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([done, over])
  clearTimeout(timer)
}
