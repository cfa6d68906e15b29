/** Generous, because a busy machine may take long to start a dozen processes. */
const stepMilliseconds = 60_000

/** Nothing in the demo takes this long: what has not come by then will not come. */
export async function withDeadline<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer in ${stepMilliseconds} ms`)), stepMilliseconds)
    // Where everything else has ended there is nothing left to wait for.
    timer.unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
