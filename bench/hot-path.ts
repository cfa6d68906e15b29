import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { createVerifier, type RequestView } from 'onbehalf'
import { createTestIssuer, requestView } from 'onbehalf/testing'
import { type Pair, ratioOf } from './ratio.ts'

/**
 * What a DPoP request costs beside the one signature it owes. Both sides get the same proofs, each proof once, in turn
 * within one process, so that a change of the machine's pace meets both. Times are never compared across runs.
 */

const url = 'https://api.example.test/tools'
const batches = 60
const batchSize = 100

export interface Result {
  readonly name: string
  /** Median of the batches' ratios to one raw crypto.verify. */
  readonly ratio: number
  readonly budget: number
  readonly raw: readonly number[]
}

export async function measure(): Promise<readonly Result[]> {
  const issuer = await createTestIssuer({ resource: 'https://api.example.test' })
  const agent = await issuer.agent('travel-7')
  const token = await issuer.token({ agent, human: 'alice', scopes: ['tools:read'] })
  const key = createPublicKey({ key: agent.publicJwk as Record<string, string>, format: 'jwk' })
  const options = { issuer: issuer.options, resource: issuer.resource, clock: issuer.clock }
  const verifier = createVerifier(options)
  const makeViews = async (count: number) => {
    const made: RequestView[] = []
    for (let i = 0; i < count; i++)
      made.push(requestView({ url, headers: flat(await agent.headers('GET', url, token)) }))
    return made
  }
  const admit = (view: RequestView) => expectOutcome(verifier.checkNow(view), true)
  const views = await makeViews((batches + 20) * batchSize)
  const pairs = views.map((view): Pair => ({ raw: rawVerification(view, key), ours: () => admit(view) }))
  const garbage = requestView({ url, headers: { authorization: `DPoP ${'x'.repeat(700)}`, dpop: 'x' } })
  const refuse = () => expectOutcome(verifier.checkNow(garbage), false)
  return [
    { name: 'hot DPoP request', budget: 1.3, ...ratioOf(pairs, batchSize, 20) },
    {
      name: 'garbage token refused',
      budget: 0.1,
      ...ratioOf(
        pairs.map(({ raw }) => ({ raw, ours: refuse })),
        batchSize,
        20,
      ),
    },
    { name: 'mTLS request', budget: 0.1, ...(await measureMtls(issuer, options, pairs)) },
  ]
}

async function measureMtls(
  issuer: Awaited<ReturnType<typeof createTestIssuer>>,
  options: Parameters<typeof createVerifier>[0],
  pairs: readonly Pair[],
): Promise<{ ratio: number; raw: readonly number[] }> {
  const agent = await issuer.agent('batch-1', { certificate: true })
  const token = await issuer.token({ agent, scopes: ['tools:read'] })
  const headers = { authorization: `Bearer ${token}` }
  const verifier = createVerifier(options)
  const certificate = agent.certificate?.der
  if (certificate === undefined) throw new Error('the agent has no certificate')
  const view = requestView({ url, headers, certificate })
  const ours = () => expectOutcome(verifier.checkNow(view), true)
  return ratioOf(
    pairs.map(({ raw }) => ({ raw, ours })),
    batchSize,
    20,
  )
}

/** As a server's parser makes them: strings of one piece, not of the pieces they were joined from. */
function flat(headers: Record<string, string>): Record<string, string> {
  const copy = (text: string) => Buffer.from(text, 'latin1').toString('latin1')
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, copy(value)]))
}

/** The signature check alone: everything parsed and imported before. */
function rawVerification(view: RequestView, key: KeyObject): () => void {
  const proof = view.header('dpop')[0] ?? ''
  const end = proof.lastIndexOf('.')
  const input = Buffer.from(proof.slice(0, end))
  const signature = Buffer.from(proof.slice(end + 1), 'base64url')
  const parameters = { key, dsaEncoding: 'ieee-p1363' as const }
  return () => {
    if (!verify('sha256', input, parameters, signature)) throw new Error('a proof does not verify')
  }
}

function expectOutcome(verdict: ReturnType<ReturnType<typeof createVerifier>['checkNow']>, ok: boolean): void {
  if (verdict instanceof Promise) throw new Error('a verdict had to be awaited')
  if (verdict.ok !== ok) throw new Error(verdict.ok ? 'admitted' : `refused: ${verdict.refusal.code}`)
}
