import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  readonly sha: string
}

/**
 * KEYS: the epoch, and the proof unless only the epoch is meant. ARGV: a mark that no other call has, the lifetime in ms.
 * Gives the epoch, and 1 where the proof was new. A client may send a call again whose answer it lost with the connection:
 * then the proof has the mark of this very call, and is new all the same. Without a proof it writes the epoch in any case, so that a server that
 * takes no writes is found out.
 */
export const useScript: Script = scriptOf(`
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1]
  redis.call('SET', KEYS[1], epoch)
elseif not KEYS[2] then
  redis.call('SET', KEYS[1], epoch)
end
if not KEYS[2] then return { epoch, 0 } end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return { epoch, 1 } end
if redis.call('GET', KEYS[2]) == ARGV[1] then return { epoch, 1 } end
return { epoch, 0 }
`)

/** KEYS: the epoch. ARGV: the mark it has, what takes its place. Gives the epoch as it then is. */
export const settleScript: Script = scriptOf(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])
`)

/** `EVALSHA` needs a server that has run the script before; `EVAL` brings it along. */
export function callOf(
  { sha, text }: Script,
  by: 'EVALSHA' | 'EVAL',
  keys: readonly string[],
  args: readonly string[],
): readonly string[] {
  return [by, by === 'EVALSHA' ? sha : text, String(keys.length), ...keys, ...args]
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
