/**
 * A rejected promise that tells whether the code under test took care of the rejection: left alone it would end the
 * process. The test itself has taken care of it, so nothing happens either way.
 */
export function rejectionWithWitness(): { readonly promise: Promise<never>; isHandled(): boolean } {
  const promise = Promise.reject<never>(new Error('of a hook'))
  promise.catch(() => {})
  let isHandled = false
  Reflect.defineProperty(promise, 'then', {
    value(this: Promise<never>, onFulfilled?: () => unknown, onRejected?: (reason: unknown) => unknown) {
      isHandled ||= typeof onRejected === 'function'
      return Promise.prototype.then.call(this, onFulfilled, onRejected)
    },
  })
  return { promise, isHandled: () => isHandled }
}
