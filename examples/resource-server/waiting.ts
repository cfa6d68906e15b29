/** A promise that is resolved from outside. */
export function defer(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** It keeps no process alive. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())
}

export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = pause(milliseconds).then(() => Promise.reject(new Error('the issuer does not answer')))
  return Promise.race([work, late])
}
