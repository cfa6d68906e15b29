import { readFileSync } from 'node:fs'
import { medianOf } from '../ratio.ts'
import { contenders } from './contenders.ts'
import type { Inputs } from './inputs.ts'

/** One contender in a process of its own: `node contend.js inputs.json name`. Sends the microseconds of a request. */

const [file = '', name = ''] = process.argv.slice(2)
const inputs = JSON.parse(readFileSync(file, 'utf8')) as Inputs
const prepare = await contenders[inputs.kind][name]?.(inputs)
if (prepare === undefined) throw new Error(`no contender ${name}`)

await requireRefusal(prepare(inputs.bad))
const calls = inputs.requests.map(prepare)
for (const call of calls.slice(0, inputs.warmUp)) await call()
const blocks: number[] = []
for (let at = inputs.warmUp; at < calls.length; at += inputs.blockSize) {
  const part = calls.slice(at, at + inputs.blockSize)
  const start = performance.now()
  for (const call of part) {
    const answer = call()
    if (answer instanceof Promise) await answer
  }
  blocks.push(((performance.now() - start) * 1_000) / part.length)
}
process.send?.(medianOf(blocks))
process.disconnect?.()

async function requireRefusal(call: () => unknown): Promise<void> {
  try {
    await call()
  } catch {
    return
  }
  throw new Error(`${name} accepts a bad signature`)
}
