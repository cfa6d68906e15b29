import cluster from 'node:cluster'
import type { RequestView } from '../types/request.ts'

/** Said once per process, to the operator: mistakes of set-up that every newcomer makes. */

const said = new Set<string>()

function hint(code: string, message: string): void {
  if (said.has(code)) return
  said.add(code)
  process.emitWarning(message, { type: 'OnbehalfWarning', code })
}

/** A preflight carries no credentials; cors() has to answer it before the guard sees it. */
export function hintAtPreflight(view: RequestView): void {
  if (view.method !== 'OPTIONS' || view.header('access-control-request-method').length === 0) return
  hint('ONBEHALF_PREFLIGHT', 'A CORS preflight was refused: put cors() before agentAuth()')
}

export function hintAtPerProcessReplay(): void {
  if (!cluster.isWorker) return
  hint('ONBEHALF_REPLAY_PER_PROCESS', 'The replay memory is per process: give cluster workers a shared ReplayStore')
}
