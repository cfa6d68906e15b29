const stepMilliseconds = 15_000

/** Nothing in the demo takes this long: who waits longer waits for something that will not come. */
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
