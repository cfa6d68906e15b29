/** Issuer options by product: each function spells the issuer as its product writes `iss`, finds its keys, and names its dialect. They relax nothing. */

export { auth0 } from './auth0.ts'
export { cognito } from './cognito.ts'
export { type EntraOptions, entra } from './entra.ts'
export { fusionauth } from './fusionauth.ts'
export { type KeycloakOptions, keycloak } from './keycloak.ts'
export { okta } from './okta.ts'
export type { PresetOptions } from './preset.ts'
export { scalekit } from './scalekit.ts'
export { type StytchOptions, stytch } from './stytch.ts'
export { type WorkosOptions, workos } from './workos.ts'
export { wso2 } from './wso2.ts'
export { zitadel } from './zitadel.ts'
