import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** As little of an HTTP client as will do, so that the load takes no more of the machine than it must. */
export interface Connection {
  /** One request at a time; the status of the answer. */
  send(request: string): Promise<number>
  close(): void
}

export async function openConnections(port: number, count: number): Promise<readonly Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(port)))
}

async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.setEncoding('latin1')
  const waiting: { resolve(status: number): void; reject(error: Error): void }[] = []
  readAnswers(socket, (status) => waiting.shift()?.resolve(status))
  const fail = () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the connection ended'))
  }
  socket.on('error', fail).on('close', fail)
  return {
    send(request) {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        socket.write(request, 'latin1')
      })
    },
    close: () => socket.destroy(),
  }
}

function readAnswers(socket: Socket, onAnswer: (status: number) => void): void {
  let text = ''
  socket.on('data', (chunk: string) => {
    text += chunk
    for (let end = endOfAnswer(text); end !== -1; end = endOfAnswer(text)) {
      const status = Number(text.slice(9, 12))
      text = text.slice(end)
      onAnswer(status)
    }
  })
}

/** -1 while it is not all there. */
function endOfAnswer(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return -1
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))
  if (length === null) throw new Error(`an answer without Content-Length: ${text.slice(0, head)}`)
  const end = head + 4 + Number(length[1])
  return text.length >= end ? end : -1
}
