import { OwnError } from '../internal/no-answer.ts'

/** Why a question to Redis was not answered, in words of this package: no host, no credentials, nothing of a reply. */
export class RedisFailure extends OwnError {
  constructor(reason: string) {
    super(reason)
    this.name = 'RedisFailure'
  }
}

const replyCodes = [
  'ASK',
  'BUSY',
  'CLUSTERDOWN',
  'CROSSSLOT',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'NOSCRIPT',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNBLOCKED',
  'UNKILLABLE',
  'WRONGPASS',
  'WRONGTYPE',
]

export function redisReasonOf(error: unknown): string {
  if (error instanceof RedisFailure) return error.message
  const { message, code } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const said = replyCodeIn(message)
  if (said !== undefined) return `Redis answered ${said}`
  // Error codes of Node.
  if (typeof code === 'string' && /^E[A-Z]{3,20}$/.test(code)) return `the connection failed: ${code}`
  return 'the Redis client failed'
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && replyCodeIn(error.message) === 'NOSCRIPT'
}

/** Redis 6 puts the code of an error that a script ran into behind a text of its own. */
function replyCodeIn(message: unknown): string | undefined {
  if (typeof message !== 'string') return undefined
  const [first = ''] = message.split(' ', 1)
  return replyCodes.find((code) => code === first || message.includes(`: -${code} `))
}
