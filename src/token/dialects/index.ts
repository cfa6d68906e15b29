import type { Dialect, DialectName } from '../../types/dialect.ts'
import { aapDialect } from './aap.ts'
import { actorProfileDialect } from './actor-profile.ts'
import { auth0Dialect } from './auth0.ts'
import { cognitoDialect } from './cognito.ts'
import { entraDialect } from './entra.ts'
import { fusionauthDialect } from './fusionauth.ts'
import { keycloakDialect } from './keycloak.ts'
import { oktaDialect } from './okta.ts'
import { rfc9068Dialect } from './rfc9068.ts'
import { scalekitDialect } from './scalekit.ts'
import { stytchDialect } from './stytch.ts'
import { workosDialect } from './workos.ts'
import { workosAgentsDialect } from './workos-agents.ts'
import { wso2Dialect } from './wso2.ts'
import { zeroidDialect } from './zeroid.ts'
import { zitadelDialect } from './zitadel.ts'

export const dialects: Readonly<Record<DialectName, Dialect>> = Object.freeze({
  rfc9068: rfc9068Dialect,
  'actor-profile': actorProfileDialect,
  auth0: auth0Dialect,
  okta: oktaDialect,
  entra: entraDialect,
  keycloak: keycloakDialect,
  zitadel: zitadelDialect,
  wso2: wso2Dialect,
  workos: workosDialect,
  'workos-agents': workosAgentsDialect,
  zeroid: zeroidDialect,
  scalekit: scalekitDialect,
  stytch: stytchDialect,
  cognito: cognitoDialect,
  fusionauth: fusionauthDialect,
  aap: aapDialect,
})
