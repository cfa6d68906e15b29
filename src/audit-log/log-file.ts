import { constants } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** One file that is written at its end. */
export interface LogFile {
  /** Octets of whole appends. */
  readonly size: number
  /** All of it. Where it throws, the file may be longer than `size`. */
  append(data: Uint8Array): Promise<void>
  /** To the disk. */
  flush(): Promise<void>
  /** Takes back what stands behind this size. */
  restore(size: number): Promise<void>
  close(): Promise<void>
}

/** Where files come from; tests give one that fails. */
export type OpenLogFile = (path: string) => Promise<LogFile>

/** What is used of a file handle. */
export type WritableHandle = Pick<FileHandle, 'write' | 'datasync' | 'truncate' | 'close'>

/** Always a new file: one that is there already, or a link of that name, is an error. */
export const createLogFile: OpenLogFile = async (path) => {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants
  const handle = await open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
  try {
    await flushFolder(dirname(path))
  } catch (error) {
    await handle.close()
    throw error
  }
  return logFileOf(handle)
}

function logFileOf(handle: WritableHandle): LogFile {
  let size = 0
  return {
    get size() {
      return size
    },
    async append(data) {
      for (let at = 0; at < data.length; ) {
        const { bytesWritten } = await handle.write(data, at, data.length - at, size + at)
        if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' })
        at += bytesWritten
      }
      size += data.length
    },
    flush: () => handle.datasync(),
    async restore(good) {
      await handle.truncate(good)
      size = good
    },
    close: () => handle.close(),
  }
}

export async function createFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
}

/** Else a power failure may lose the name of a new file. Some systems and file systems cannot do this. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error
  } finally {
    await handle.close()
  }
}

/** The code of a system's error: it holds no path. */
export function codeOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown'
}
