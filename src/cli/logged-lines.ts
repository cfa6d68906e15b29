import { open } from 'node:fs/promises'
import { readLines } from '../audit-log/read-lines.ts'

/** One chain of files, read line by line in their order when its reader wants to. Memory is bounded by one chunk and one line. */
export class LoggedLines {
  /** Lines of the chunk that was read last: valid until the next chunk is. Undefined: one that is too long. */
  #lines: (Buffer | undefined)[] = []
  #at = 0
  #isOver = false
  #wantMore: (() => void) | undefined
  #arrived: (() => void) | undefined
  readonly #files: readonly string[]
  readonly #onRead: (bytes: number) => void
  readonly #onUnreadable: (file: string) => void
  #hasBegun = false

  constructor(files: readonly string[], onRead: (bytes: number) => void, onUnreadable: (file: string) => void) {
    this.#files = files
    this.#onRead = onRead
    this.#onUnreadable = onUnreadable
  }

  /** The next line that is at hand; 'none' where `more()` has to be asked first. */
  take(): Buffer | undefined | 'none' {
    return this.#at < this.#lines.length ? this.#lines[this.#at++] : 'none'
  }

  /** Whether there are more lines. */
  async more(): Promise<boolean> {
    this.#lines = []
    this.#at = 0
    while (this.#lines.length === 0 && !this.#isOver) {
      const arrived = new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
      if (this.#hasBegun) this.#wantMore?.()
      else void this.#readAll()
      this.#hasBegun = true
      await arrived
    }
    return this.#lines.length > 0
  }

  async #readAll(): Promise<void> {
    for (const file of this.#files) {
      try {
        await this.#readFile(file)
      } catch {
        this.#onUnreadable(file)
      }
    }
    this.#isOver = true
    this.#arrived?.()
  }

  async #readFile(file: string): Promise<void> {
    const handle = await open(file, 'r')
    let last = lineFeed
    const read = async (chunk: Buffer, offset: number, length: number) => {
      // What the chunk before this one held must have been taken.
      if (this.#lines.length > 0) await this.#pause()
      const { bytesRead } = await handle.read(chunk, offset, length, null)
      this.#onRead(bytesRead)
      if (bytesRead > 0) last = chunk[offset + bytesRead - 1] ?? lineFeed
      if (bytesRead > 0 || last === lineFeed) return { bytesRead, buffer: chunk }
      // A last line without an end is a line as well.
      last = chunk[offset] = lineFeed
      return { bytesRead: 1, buffer: chunk }
    }
    try {
      await readLines({ read } as Parameters<typeof readLines>[0], (octets) => void this.#lines.push(octets))
      if (this.#lines.length > 0) await this.#pause()
    } finally {
      await handle.close()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wantMore = resolve
      this.#arrived?.()
    })
  }
}

const lineFeed = 10
