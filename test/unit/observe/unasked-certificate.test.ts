import { createVerifier } from 'onbehalf'
import { expect, test } from 'vitest'
import { memorySink } from '../../support/audit.ts'
import { createKit } from '../../support/kit.ts'

test('OBS: a certificate that only a function could find proves nothing to an observer', async () => {
  const kit = await createKit({ agent: { certificate: true } })
  const sink = memorySink()
  const verifier = createVerifier({
    ...kit.options,
    audit: sink,
    mtls: { certificate: () => undefined },
  })
  const view = await kit.request({ scheme: 'Bearer', proof: null })
  await verifier.observer()(view)
  expect(sink.events).toMatchObject([{ decision: 'observed', proof: { result: 'none' }, sender: { thumbprint: null } }])
})
