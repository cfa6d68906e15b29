export interface ServerSentEvent {
  /** `message` where the stream names none. */
  readonly name: string
  readonly data: string
}

const maxEventCharacters = 65_536

/**
 * Server-sent events (HTML §9.2.6), as they come; undefined for a comment, which only shows that the connection lives.
 * Throws where an event is longer than any of the issuer's can be.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerSentEvent | undefined, void, void> {
  let rest = ''
  let name = ''
  let data: string[] = []
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
      if (line.startsWith(':')) yield undefined
      else if (field === 'event') name = value
      else if (field === 'data') data.push(value)
      else if (line === '' && data.length > 0) yield { name: name || 'message', data: data.join('\n') }
      if (line === '') {
        name = ''
        data = []
      }
    }
    const waiting = data.reduce((sum, { length }) => sum + length, rest.length)
    if (waiting > maxEventCharacters) throw new Error('an event of the stream is too long')
  }
}
