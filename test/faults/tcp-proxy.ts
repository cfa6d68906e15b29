import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server on loopback that can be made bad. */
export interface TcpProxy {
  readonly port: number
  /** From now on everything is swallowed, and new connections are taken and get no answer. */
  swallow(): void
  /** From now on everything comes so much later. */
  delay(ms: number): void
  /**
   * What was delayed arrives now. A connection of which something was swallowed is reset, as by a network that came back
   * and does not know it any more.
   */
  heal(): void
  close(): void
}

interface Pair {
  readonly sockets: readonly [Socket, Socket]
  isTorn: boolean
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  const waiting: { readonly write: () => void; readonly timer: NodeJS.Timeout }[] = []
  let isSwallowing = false
  let delayMs = 0

  const server = createServer((socket) => {
    const pair: Pair = { sockets: [socket, connect(targetPort, '127.0.0.1')], isTorn: false }
    pairs.add(pair)
    const [near, far] = pair.sockets
    forward(pair, near, far)
    forward(pair, far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  function forward(pair: Pair, from: Socket, to: Socket): void {
    from.setNoDelay(true)
    from.on('data', (chunk) => {
      if (isSwallowing) pair.isTorn = true
      else if (delayMs > 0) hold(() => to.write(chunk))
      else to.write(chunk)
    })
    from.on('error', () => {})
    from.on('close', () => {
      pairs.delete(pair)
      to.destroy()
    })
  }

  function hold(write: () => void): void {
    const timer = setTimeout(() => {
      waiting.shift()
      write()
    }, delayMs)
    waiting.push({ write, timer })
  }

  function release(): void {
    for (const { write, timer } of waiting.splice(0)) {
      clearTimeout(timer)
      write()
    }
  }

  return {
    port: (server.address() as AddressInfo).port,
    swallow() {
      isSwallowing = true
    },
    delay(ms) {
      delayMs = ms
    },
    heal() {
      isSwallowing = false
      delayMs = 0
      release()
      for (const { sockets, isTorn } of pairs) if (isTorn) sockets[0].resetAndDestroy()
    },
    close() {
      server.close()
      release()
      for (const { sockets } of pairs) sockets[0].destroy()
    },
  }
}
