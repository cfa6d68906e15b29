import type { DialectName } from 'onbehalf'

/** What a token of this issuer says and a token of a product may not. */
export type Loss =
  | 'who the person is'
  | 'that the person is one'
  | 'who acts'
  | 'that the actor is an agent'
  | 'that an agent for itself is one'
  | 'which agent asked'
  | 'the client'
  | 'the scopes'
  | 'the API'
  | 'the key'
  | 'the certificate'
  | 'the grant'
  | 'the end of the grant'
  | 'who may act next'
  | 'the sign-in'
  | 'the id of the token'

const kinds: readonly Loss[] = [
  'that the person is one',
  'that the actor is an agent',
  'that an agent for itself is one',
]
/** The agent is no more than the client of the person's token. */
const delegation: readonly Loss[] = [
  'that the person is one',
  'who acts',
  'that an agent for itself is one',
  'which agent asked',
]
const binding: readonly Loss[] = ['the key', 'the certificate']
const grant: readonly Loss[] = ['the grant', 'the end of the grant']
/** What no product writes. */
const always: readonly Loss[] = ['the end of the grant', 'who may act next', 'the sign-in']

/** In one of its tokens at least, as the dialects of `onbehalf` read them. */
export const losses: Readonly<Record<DialectName, readonly Loss[]>> = {
  'actor-profile': [],
  rfc9068: [...kinds, ...grant],
  auth0: ['the grant', 'the id of the token', ...always],
  // Its exchanged tokens name neither client nor token.
  okta: [
    'that an agent for itself is one',
    'the client',
    'the certificate',
    'the grant',
    'the id of the token',
    ...always,
  ],
  entra: ['which agent asked', 'the grant', ...binding, ...always],
  keycloak: [...kinds, 'which agent asked', ...grant, 'the sign-in'],
  zitadel: [...kinds, 'the client', 'the scopes', 'the grant', ...binding, ...always],
  wso2: ['that the actor is an agent', 'the API', 'the certificate', 'the grant', ...always],
  workos: [...delegation, 'the grant', ...binding, ...always],
  'workos-agents': ['that the person is one', 'which agent asked', 'the client', 'the grant', ...binding, ...always],
  // The agent that asked is named in place of the person.
  zeroid: ['who the person is', 'that the person is one', 'the client', 'the certificate', ...always],
  scalekit: [...delegation, 'the API', 'the grant', ...binding, ...always],
  stytch: [...delegation, 'the client', 'the grant', ...binding, 'the id of the token', ...always],
  cognito: [...delegation, 'the API', 'the grant', ...binding, ...always],
  fusionauth: [...kinds, 'the client', 'the certificate', 'the grant', ...always],
  // An agent that acts for a person reads like one that acts for itself.
  aap: [
    'who the person is',
    'that the person is one',
    'that the actor is an agent',
    'the client',
    'the scopes',
    'the grant',
    ...always,
  ],
}
