/** What the stage wrote into the first argument of this process. */
export function readSettings<T>(): T {
  const [json = '{}'] = process.argv.slice(2)
  return JSON.parse(json) as T
}
