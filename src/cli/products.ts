import type { DialectName } from '../types/dialect.ts'

/** The product whose issuers have this form, by the name that its preset and its dialect have. */
export function productOf(issuer: string): DialectName | undefined {
  const { hostname, pathname } = new URL(issuer)
  return products.find(([, host, path]) => host.test(hostname) && path.test(pathname))?.[0]
}

const any = /^/

const products: readonly (readonly [name: DialectName, host: RegExp, path: RegExp])[] = [
  ['auth0', /\.auth0\.com$/, any],
  ['okta', /\.okta(?:preview|-emea)?\.com$/, any],
  ['entra', /^(?:login\.microsoftonline\.com|sts\.windows\.net)$/, any],
  ['zitadel', /\.zitadel\.cloud$/, any],
  ['cognito', /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com$/, any],
  ['workos', /(?:\.authkit\.app|^api\.workos\.com)$/, any],
  ['wso2', /^api\.(?:[a-z]+\.)?asgardeo\.io$/, any],
  ['scalekit', /\.scalekit\.(?:com|cloud|dev)$/, any],
  ['stytch', /(?:^|\.)stytch\.com$/, any],
  ['fusionauth', /\.fusionauth\.io$/, any],
  ['keycloak', any, /\/realms\/[^/]+$/],
]
