import type { AuditEvent, IssuerOptions } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { url } from '../../support/kit.ts'
import { createStage } from '../token/tenants.ts'

test('Audit: issuers of a resolver share one label, and a configured issuer keeps its own', async () => {
  const stage = await createStage()
  const [acme, fixed] = [await stage.tenant('acme'), await stage.tenant('fixed')]
  const unbound = (options: IssuerOptions): IssuerOptions => ({ ...options, dangerously: { allowUnbound: true } })
  stage.answers.set(acme.issuer, () => unbound(acme.options))
  const events: AuditEvent[] = []
  const verifier = stage.open({
    issuer: [unbound(fixed.options), stage.resolver],
    audit: (record) => void ('decision' in record && events.push(record)),
  })
  for (const tenant of [acme, fixed]) {
    const authorization = `Bearer ${tenant.token({ cnf: undefined })}`
    const view = requestView({ url, headers: { authorization } })
    const context = await verifier.verify(view)
    await verifier.authorize(context, { scopes: ['write'] }, view)
  }
  expect(events.map(({ phase, issuer, issuerLabel }) => [phase, issuer, issuerLabel])).toEqual([
    ['authentication', acme.issuer, 'other'],
    ['access', acme.issuer, 'other'],
    ['authentication', fixed.issuer, fixed.issuer],
    ['access', fixed.issuer, fixed.issuer],
  ])
})
