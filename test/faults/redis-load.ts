import { createVerifier, type Verifier } from 'onbehalf'
import type { RedisReplayStore } from 'onbehalf/redis'
import { requestView } from 'onbehalf/testing'
import { createKit, headerValues, type Kit, type Outcome, outcomeOf, resource, url } from '../support/kit.ts'
import { realClock } from './redis-times.ts'

/** One process, as far as Redis can tell. */
export interface Process {
  readonly store: RedisReplayStore
  readonly verifier: Verifier
}

/** A request with a new proof, with one that was sent before, or with a certificate. */
type Kind = 'new' | 'again' | 'certificate'

export interface Sent {
  readonly kind: Kind
  /** Which process judged it. */
  readonly by: number
  readonly startedAt: number
  readonly ms: number
  readonly outcome: Outcome
  readonly hasRetryAfter: boolean
  /** Whether the process had stopped asking Redis when the request came. */
  readonly isOpen: boolean
}

export interface Load {
  /** In the order of their answers. */
  readonly sent: readonly Sent[]
  /** Sends every proof that is still fresh to every process once more, and gives how often a proof was admitted again. */
  stop(): Promise<number>
}

export interface Caller {
  readonly processes: readonly Process[]
  /** Of so many requests a second, one in ten has a certificate, and one in ten a proof that was sent before. */
  startLoad(perSecond: number): Promise<Load>
}

export async function createCallerOf(
  stores: readonly RedisReplayStore[],
  futureSeconds: number | undefined,
): Promise<Caller> {
  const kit = await createKit({ issuer: { clock: realClock() } })
  const processes = stores.map((store) => {
    const verifier = createVerifier({
      issuer: kit.trust,
      resource,
      dpop: { replay: store, futureSeconds },
      metadata: false,
    })
    return { store, verifier }
  })
  const holder = await kit.issuer.agent('holder', { certificate: true })
  const bound = await kit.issuer.token({ agent: holder, lifetimeSeconds: 300 })
  const certificate = holder.certificate?.der
  if (certificate === undefined) throw new Error('this agent has a certificate')
  const bearer = () => requestView({ url, headers: { authorization: `Bearer ${bound}` }, certificate })
  const token = await kit.token({ lifetimeSeconds: 300 })
  const withProof = (dpop: string) => requestView({ url, headers: { authorization: `DPoP ${token}`, dpop } })
  return { processes, startLoad: (perSecond) => startLoad(perSecond) }

  async function startLoad(perSecond: number): Promise<Load> {
    const sent: Sent[] = []
    const used: { readonly proof: string; readonly at: number }[] = []
    const admissions = new Map<string, number>()
    const pending = new Set<Promise<void>>()
    const ready = await makeProofs(kit, token, perSecond)
    const start = performance.now()
    let count = 0

    async function send(kind: Kind, by: number, proof: string): Promise<void> {
      const { store, verifier } = processes[by] as Process
      const isOpen = store.health().state !== 'ready'
      const view = kind === 'certificate' ? bearer() : withProof(proof)
      const startedAt = performance.now()
      const verdict = await verifier.check(view)
      const ms = performance.now() - startedAt
      const hasRetryAfter = headerValues(verdict, 'Retry-After').length === 1
      sent.push({ kind, by, startedAt, ms, outcome: outcomeOf(verdict), hasRetryAfter, isOpen })
      if (verdict.ok && kind !== 'certificate') admissions.set(proof, (admissions.get(proof) ?? 0) + 1)
    }

    /** A proof is sent again only when its first request was answered: that one can then be no replay. */
    async function sendNew(by: number, proof: string): Promise<void> {
      await send('new', by, proof)
      used.push({ proof, at: performance.now() })
    }

    function follow(work: Promise<void>): void {
      pending.add(work)
      void work.finally(() => pending.delete(work))
    }

    function sendNext(): void {
      const nth = count++
      const by = Math.floor(nth / 10) % processes.length
      // Mostly late ones, which are the most likely to be lost.
      const earlier = used[Math.floor(used.length * Math.sqrt(Math.random()))]
      if (nth % 10 === 0) follow(send('certificate', by, ''))
      else if (nth % 10 === 1 && earlier !== undefined) follow(send('again', by, earlier.proof))
      else {
        const proof = ready.shift()
        if (proof !== undefined) follow(sendNew(by, proof))
      }
    }

    let isFilling = false
    async function fill(): Promise<void> {
      if (isFilling || ready.length > perSecond / 2) return
      isFilling = true
      ready.push(...(await makeProofs(kit, token, 50)))
      isFilling = false
    }

    const timer = setInterval(() => {
      const due = ((performance.now() - start) * perSecond) / 1_000
      // After a stall of this program it does not catch up.
      if (due - count > perSecond / 10) count = Math.floor(due)
      while (count < due) sendNext()
      follow(fill())
    }, 5)

    async function stop(): Promise<number> {
      clearInterval(timer)
      await Promise.all(pending)
      // Proofs count for a minute.
      const fresh = used.filter(({ at }) => performance.now() - at < 50_000)
      for (let at = 0; at < fresh.length; at += 50) {
        const some = fresh.slice(at, at + 50)
        await Promise.all(some.flatMap(({ proof }) => processes.map((_, by) => send('again', by, proof))))
      }
      return [...admissions.values()].reduce((sum, times) => sum + times - 1, 0)
    }
    return { sent, stop }
  }
}

function makeProofs({ agent }: Kit, token: string, length: number): Promise<string[]> {
  return Promise.all(Array.from({ length }, () => agent.proof({ method: 'GET', url, token })))
}
