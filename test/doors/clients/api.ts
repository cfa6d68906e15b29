import type { VerifierOptions } from 'onbehalf'
import type { TestAgent } from 'onbehalf/testing'
import { resource } from '../../support/kit.ts'
import type { RouteSpec, RunningApp } from '../app.ts'
import { doors } from '../doors/all.ts'
import { createDoorKit, type DoorKit } from '../kit.ts'

const secret = 'a secret that has thirty-two bytes'

/** Doors that a fetch client of Node can reach: it speaks HTTP/1.1. */
export const reachable: typeof doors = doors.filter(({ traits }) => !traits.includes('http2'))

export interface Api {
  readonly kit: DoorKit
  /** Where it listens, for a client that brings its own connections. */
  readonly port: number
  /** The API under the name it has in public. */
  readonly fetch: typeof fetch
  /** Statuses of all answers so far. */
  readonly statuses: readonly number[]
  close(): Promise<void>
}

/** An API with nonces on. It uses the machine's clock, since foreign clients do. */
export async function openApi(
  door: (typeof doors)[number],
  routes: readonly RouteSpec[],
  more: Partial<VerifierOptions> = {},
): Promise<Api> {
  const kit = await createDoorKit()
  const options = { ...kit.options, clock: Date.now, dpop: { nonce: { secret } }, ...more }
  const { port, close }: RunningApp = await door.start({ options, routes })
  const statuses: number[] = []
  return {
    kit,
    port,
    statuses,
    close,
    async fetch(input, init) {
      const asked = new Request(input, init)
      const url = new URL(asked.url)
      if (url.origin !== resource) throw new Error(`no other host is there: ${url.origin}`)
      const { method, headers } = asked
      const body = asked.body === null ? null : await asked.arrayBuffer()
      const response = await fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, { method, headers, body })
      statuses.push(response.status)
      // Clients keep nonces under the origin of the answer.
      return Object.defineProperty(response, 'url', { value: url.href })
    },
  }
}

/** A token issued now, bound to a key that the client made itself. */
export function tokenFor({ issuer, agent }: DoorKit, jkt: string, scopes: readonly string[] = []): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  const holder: TestAgent = { ...agent, jkt }
  return issuer.token({ agent: holder, human: 'alice', scopes, claims: { iat: now, exp: now + 300 } })
}
