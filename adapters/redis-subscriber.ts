import type { RedisSubscriber } from '../src/types/redis-options.ts'

/** Gives `receive` each message of this channel, also after the library has connected anew. Returns what ends it. */
export async function subscribeTo(
  subscriber: RedisSubscriber,
  channel: string,
  receive: (message: string) => void,
): Promise<() => void> {
  if (!('call' in subscriber)) {
    await subscriber.subscribe(channel, receive)
    return () => void subscriber.unsubscribe(channel, receive as never).catch(() => {})
  }
  const listener = (from: string, message: string) => {
    if (from === channel) receive(message)
  }
  subscriber.on('message', listener)
  const stop = () => {
    subscriber.off('message', listener)
    subscriber.unsubscribe(channel).catch(() => {})
  }
  try {
    await subscriber.subscribe(channel)
  } catch (error) {
    stop()
    throw error
  }
  return stop
}
