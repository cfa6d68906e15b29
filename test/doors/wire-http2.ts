import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Answer, Ask, Field, Shot } from './wire.ts'

/**
 * HTTP/2 without TLS. Node's client refuses to repeat a singleton field or to send a name in capitals, so its HEADERS
 * frames are replaced on the way by frames written here.
 */
export function askHttp2(port: number): Ask {
  return (shot) =>
    new Promise((resolve) => {
      const session = connectHttp2(`http://127.0.0.1:${port}`, {
        createConnection: () => relay(connectTcp(port, '127.0.0.1'), blocksOf(shot)),
      })
      let status = 0
      let fields: readonly Field[] = []
      const chunks: Buffer[] = []
      const { body = '', trailers } = shot
      const isEmpty = body === '' && trailers === undefined
      session.on('error', () => {})
      const stream = session.request(
        { ':method': shot.method, ':path': '/' },
        { endStream: isEmpty, waitForTrailers: trailers !== undefined },
      )
      stream.on('response', (headers) => {
        status = headers[':status'] ?? 0
        fields = fieldsOf(headers)
      })
      stream.on('wantTrailers', () => stream.sendTrailers({ placeholder: 'replaced on the way' }))
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', () => {
        status = 0
      })
      stream.on('close', () => {
        session.destroy()
        const answer: Answer = { status, fields, body: Buffer.concat(chunks).toString() }
        resolve(status === 0 ? { status, fields: [], body: '' } : answer)
      })
      if (!isEmpty) stream.end(body)
    })
}

function fieldsOf(headers: IncomingHttpHeaders): readonly Field[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(':') || value === undefined ? [] : [value].flat().map((line): Field => [name, String(line)]),
  )
}

/** The field blocks in the order their frames go out. */
function blocksOf({ method, target, fields, trailers = [] }: Shot): Buffer[] {
  const host = fields.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'api.example.test'
  const pseudo: readonly Field[] = [
    [':method', method],
    [':scheme', 'http'],
    [':authority', host],
    [':path', target],
  ]
  const others = fields.filter(([name]) => name.toLowerCase() !== 'host')
  return [encodeBlock([...pseudo, ...others]), encodeBlock(trailers)]
}

/** RFC 7541 §6.2.2: literals without indexing, without Huffman coding. */
function encodeBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), encodeText(name), encodeText(value)]))
}

/** RFC 7541 §5.1 and §5.2. */
function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

const preface = 24
const headersFrame = 1
const endStream = 1
const endHeaders = 4

function relay(socket: Socket, blocks: Buffer[]): Duplex {
  let pending = Buffer.alloc(0)
  let isPastPreface = false

  /** Whole frames of what is pending (RFC 9113 §4.1). */
  function takeOut(): Buffer {
    const out: Buffer[] = []
    if (!isPastPreface && pending.length >= preface) {
      isPastPreface = true
      out.push(take(preface))
    }
    while (isPastPreface && pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
      out.push(withBlock(take(9 + pending.readUIntBE(0, 3))))
    }
    return Buffer.concat(out)
  }

  function take(length: number): Buffer {
    const taken = pending.subarray(0, length)
    pending = pending.subarray(length)
    return taken
  }

  function withBlock(frame: Buffer): Buffer {
    const block = frame[3] === headersFrame ? blocks.shift() : undefined
    if (block === undefined) return frame
    const head = Buffer.from(frame.subarray(0, 9))
    head.writeUIntBE(block.length, 0, 3)
    head[4] = (head.readUInt8(4) & endStream) | endHeaders
    return Buffer.concat([head, block])
  }

  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      pending = Buffer.concat([pending, chunk])
      socket.write(takeOut(), () => done())
    },
    final(done) {
      socket.end(done)
    },
    destroy(error, done) {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk) => duplex.push(chunk))
  socket.on('close', () => duplex.destroy())
  socket.on('error', () => duplex.destroy())
  return duplex
}
