import { createVerifier, type PolicyDescription, type ReplayStore } from 'onbehalf'

/** The replay memory as a verifier describes it. */
export function describedReplay(replay: ReplayStore): (PolicyDescription['dpop'] & object)['replay'] {
  const { dpop } = createVerifier({
    issuer: 'https://as.example.test',
    resource: 'https://api.example.test',
    dpop: { replay },
  }).describe()
  if (dpop === false) throw new Error('DPoP is on')
  return dpop.replay
}

export function notesOf(replay: ReplayStore): readonly string[] {
  return describedReplay(replay).notes
}
