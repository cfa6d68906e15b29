import type { DialectName } from 'onbehalf'

/** What a token of this issuer says and a token of a product may not. */
export type Loss =
  | 'who the person is'
  | 'the kind of the person'
  | 'who acts'
  | 'the kind of the actor'
  | 'the kind of an agent that acts for itself'
  | 'which agent asked'
  | 'the client'
  | 'the scopes'
  | 'the details'
  | 'the API'
  | 'the key'
  | 'the certificate'
  | 'the grant'
  | 'the end of the grant'
  | 'who may act next'
  | 'the sign-in'
  /** The claim is left out; Okta puts `AT.` before it otherwise. A revocation by `jti` then meets no token. */
  | 'the id of the token'

const kinds: readonly Loss[] = [
  'the kind of the person',
  'the kind of the actor',
  'the kind of an agent that acts for itself',
]
/** The agent is no more than the client of the person's token. */
const delegation: readonly Loss[] = [
  'the kind of the person',
  'who acts',
  'the kind of an agent that acts for itself',
  'which agent asked',
]
const binding: readonly Loss[] = ['the key', 'the certificate']
const grant: readonly Loss[] = ['the grant', 'the end of the grant']
/** What hardly any product writes. */
const usual: readonly Loss[] = ['the details', 'the end of the grant', 'who may act next', 'the sign-in']

/** In one of its tokens at least, as the dialects of `onbehalf` read them. */
export const losses: Readonly<Record<DialectName, readonly Loss[]>> = {
  'actor-profile': [],
  rfc9068: [...kinds, ...grant],
  auth0: ['the grant', 'the id of the token', ...usual],
  // Its exchanged tokens name neither client nor token.
  okta: [
    'the kind of an agent that acts for itself',
    'the client',
    'the certificate',
    'the grant',
    'the id of the token',
    ...usual,
  ],
  entra: ['which agent asked', 'the grant', ...binding, ...usual],
  keycloak: [...kinds, 'which agent asked', 'the details', ...grant, 'the sign-in'],
  zitadel: [...kinds, 'the client', 'the scopes', 'the grant', ...binding, ...usual],
  wso2: ['the kind of the actor', 'the API', 'the certificate', 'the grant', ...usual],
  workos: [...delegation, 'the grant', ...binding, ...usual],
  'workos-agents': ['the kind of the person', 'which agent asked', 'the client', 'the grant', ...binding, ...usual],
  // The agent that asked is named in place of the person.
  zeroid: ['who the person is', 'the kind of the person', 'the client', 'the certificate', ...usual],
  scalekit: [...delegation, 'the API', 'the grant', ...binding, ...usual],
  stytch: [...delegation, 'the client', 'the grant', ...binding, 'the id of the token', ...usual],
  cognito: [...delegation, 'the API', 'the grant', ...binding, ...usual],
  fusionauth: [...kinds, 'the client', 'the certificate', 'the grant', ...usual],
  // An agent that acts for a person reads like one that acts for itself.
  aap: [
    'who the person is',
    'the kind of the person',
    'the kind of the actor',
    'the client',
    'the scopes',
    'the grant',
    ...usual,
  ],
}
