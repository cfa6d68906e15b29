import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { sha256 } from '../jose/sha256.ts'
import { fixed } from '../options/defaults.ts'

/** A whole line: its octets without the line feed, and their SHA-256. Undefined octets: it is too long to be looked at. */
export type OnLine = (octets: Buffer | undefined, hash: string) => void

const chunkBytes = 262_144

/** Calls `onLine` for each whole line. Resolves with how many octets follow the last one. Memory is bounded by one line. */
export async function readLines(handle: Pick<FileHandle, 'read'>, onLine: OnLine): Promise<number> {
  const chunk = Buffer.allocUnsafe(chunkBytes)
  const line = new PartialLine()
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, null)
    if (bytesRead === 0) return line.length
    const data = chunk.subarray(0, bytesRead)
    let start = 0
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
      line.end(data.subarray(start, end), onLine)
      start = end + 1
    }
    line.add(data.subarray(start))
  }
}

/** What is known of a line that goes on in the next chunk. */
class PartialLine {
  length = 0
  #parts: Buffer[] = []
  /** In the place of the parts, of a line that is too long. */
  #hash: Hash | undefined

  add(data: Buffer): void {
    if (data.length === 0) return
    this.length += data.length
    if (this.#hash !== undefined) this.#hash.update(data)
    else this.#parts.push(Buffer.from(data))
    if (this.#hash !== undefined || this.length <= fixed.auditLogReadableLine) return
    this.#hash = createHash('sha256')
    for (const part of this.#parts) this.#hash.update(part)
    this.#parts = []
  }

  end(data: Buffer, onLine: OnLine): void {
    if (this.length === 0) {
      onLine(data, sha256(data))
    } else {
      this.add(data)
      this.#finish(onLine)
    }
  }

  #finish(onLine: OnLine): void {
    const octets = Buffer.concat(this.#parts)
    if (this.#hash === undefined) onLine(octets, sha256(octets))
    else onLine(undefined, this.#hash.digest('base64url'))
    this.length = 0
    this.#parts = []
    this.#hash = undefined
  }
}
