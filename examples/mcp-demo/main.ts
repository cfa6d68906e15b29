import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { AuditEvent } from 'onbehalf'
import { createCast } from '../demo/cast.ts'
import { withDeadline } from '../demo/deadline.ts'
import { type Row, readRow } from '../demo/row.ts'
import { findDifferences, formatTable } from '../demo/table.ts'
import { startDemoIssuer } from './issuer.ts'
import { play } from './scenes.ts'
import { story as told } from './story.ts'
import { createMcpTrail, type McpTrail } from './trail.ts'

/** Plays the agents of an MCP server over real sockets, prints what happened, and ends with 1 if it is not what is told. */
const { values } = parseArgs({ options: { story: { type: 'string' } } })
const story: readonly Row[] = values.story === undefined ? told : JSON.parse(await readFile(values.story, 'utf8'))

const issuer = await startDemoIssuer()
let fail: (error: Error) => void = () => {}
const failed = new Promise<never>((_resolve, reject) => {
  fail = reject
})
const cast = createCast(fail)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => fail(new Error(`stopped by ${signal}`)))

try {
  const rows = await Promise.race([performAll(), failed])
  console.log(formatTable(rows, story))
  const differences = findDifferences(rows, story)
  for (const difference of differences) console.error(`\nnot as told: ${difference}`)
  if (differences.length > 0) process.exitCode = 1
  else
    console.log(
      `\n${rows.length} requests, all as told. In brackets: what a token says of a caller who did not prove its key.`,
    )
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  failed.catch(() => {})
  await cast.dismiss()
  issuer.close()
}

async function performAll(): Promise<Row[]> {
  const trail = createMcpTrail()
  const resource = await startServer(trail)
  const rows: Row[] = []
  for await (const { name, agent } of play(await issuer.issuerFor(resource))) {
    for (const exchange of agent.recorder.take()) {
      const events = await trail.of(exchange)
      // What finds the way to a tool is no line of the table.
      if (events.at(-1)?.phase === 'authentication' && exchange.answer.status < 300) continue
      const operation = events.at(-1)?.request.operation ?? exchange.method
      rows.push(readRow(`${operation.replace('tools/call ', '')}: ${name}`, exchange.answer, events))
    }
  }
  if (trail.rest() > 0) throw new Error('the server wrote down a request that no client has sent')
  return rows
}

async function startServer(trail: McpTrail): Promise<string> {
  const listening = new Promise<string>((resolve) => {
    cast.program('../mcp-server/main.js', { ISSUER: issuer.url, PORT: '0' }, (text) => {
      const line = JSON.parse(text) as { listening?: string; audit?: AuditEvent }
      if (line.audit !== undefined) trail.add(line.audit)
      else if (line.listening !== undefined) resolve(line.listening)
    })
  })
  return withDeadline(listening, 'start of the MCP server')
}
