import { createVerifier, type RefusalCode, type RequestView, refusals, type Verifier } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { chapters } from './chapters.ts'
import { createDoorKit } from './kit.ts'
import type { Row } from './table.ts'
import type { Answer, Shot } from './wire.ts'

/** `explain` beside `check`, for every scenario of the table. */

/** Codes that only a store, a hook, an introspection endpoint, the directory or a sink can tell. */
const leftOut: ReadonlySet<RefusalCode> = new Set([
  'token_revoked',
  'owner_missing',
  'proof_replayed',
  'rate_limited',
  'introspection_unavailable',
  'replay_unavailable',
  'revocation_unavailable',
  'directory_unavailable',
  'audit_unavailable',
])

describe.each(chapters)('$subject', ({ app, rows }) => {
  test.each(rows)('ORDER: explain and check agree: $title', async (row) => {
    const kit = await createDoorKit()
    const verifier = createVerifier(app(kit).options)
    if (row.play !== undefined) await row.play((shot) => askBoth(verifier, shot), kit)
    for (const shot of await shotsOf(row, kit)) await askBoth(verifier, shot)
    expect.hasAssertions()
  })
})

test('ORDER: the scenarios reach every refusal that explain leaves out', async () => {
  expect([...leftOut].filter((code) => !(code in refusals))).toEqual([])
})

async function shotsOf({ send }: Row, kit: Awaited<ReturnType<typeof createDoorKit>>): Promise<readonly Shot[]> {
  return send === undefined ? [] : [await send(kit)].flat()
}

/** What `check` answers, once `explain` has said the same. */
async function askBoth(verifier: Verifier, shot: Shot): Promise<Answer> {
  const view = viewOf(shot)
  const { reasons } = await verifier.explain(view)
  const verdict = await verifier.check(view)
  const code = verdict.ok ? undefined : verdict.refusal.code
  expect(reasons[0]?.code).toBe(code === undefined || leftOut.has(code) ? undefined : code)
  return {
    status: verdict.ok ? 200 : verdict.refusal.status,
    fields: verdict.ok ? verdict.headers : verdict.refusal.headers,
    body: '{}',
  }
}

function viewOf({ method, target, fields }: Shot): RequestView {
  return {
    method,
    target,
    header: (name) => fields.flatMap(([field, value]) => (field.toLowerCase() === name.toLowerCase() ? [value] : [])),
  }
}
