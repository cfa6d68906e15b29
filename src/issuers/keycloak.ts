import { OptionReader } from '../internal/option-reader.ts'
import { keycloakDialect } from '../token/dialects/keycloak.ts'
import type { JwtPayload } from '../types/context.ts'
import type { Dialect } from '../types/dialect.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readBaseUrl, readPresetOptions } from './preset.ts'

/** Options of {@link keycloak}. */
export interface KeycloakOptions extends PresetOptions {
  /** Whether the roles of the realm (`realm_access`) count beside those of the audience. It excludes `dialect`. Default: false. */
  realmRoles?: boolean | undefined
}

/**
 * Keycloak. `realmUrl`: the URL of the realm, such as `https://id.example.com/realms/agents`, which is the issuer; its keys
 * are found by discovery.
 *
 * By default an access token has `typ` `JWT`, the client in `azp`, no `cnf`, and lives 5 minutes; `aud` does not name the
 * API. Add an audience mapper to the client; switch on the header type `at+jwt`, and DPoP or certificate binding. Until
 * tokens are bound they need `dangerously.allowUnbound`.
 *
 * The dialect takes both header types, refuses tokens whose payload says that they are of another class (`typ` `ID`,
 * `Refresh`), and reads roles from `resource_access` of each configured audience. Throws {@link OptionsError} for a URL
 * that is not one of a realm.
 */
export function keycloak(realmUrl: string, options: KeycloakOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const { realmRoles, ...rest } = readPresetOptions(read, 'keycloak', options)
  const url = readBaseUrl(read, 'keycloak.realmUrl', realmUrl)
  if (url !== '' && !/\/realms\/[^/]+$/.test(url)) {
    read.problem('keycloak.realmUrl', 'must be the URL of a realm: it ends in /realms/ and the name of the realm')
  }
  const hasRealmRoles = read.boolean('keycloak.options.realmRoles', realmRoles) === true
  if (hasRealmRoles && rest.dialect !== undefined) {
    read.problem('keycloak.options.realmRoles', 'must not be combined with dialect, which decides what roles are')
  }
  return finishPreset(read, 'keycloak', rest, {
    issuer: url,
    dialect: hasRealmRoles ? withRealmRoles : 'keycloak',
  })
}

const withRealmRoles: Dialect = Object.freeze({
  ...keycloakDialect,
  roles: (claims: JwtPayload, audience: readonly string[]) => [
    ...new Set([...(keycloakDialect.roles?.(claims, audience) ?? []), ...rolesOfRealm(claims)]),
  ],
})

function rolesOfRealm({ realm_access: access }: JwtPayload): readonly string[] {
  const roles: unknown = typeof access === 'object' && access !== null && 'roles' in access ? access.roles : undefined
  return Array.isArray(roles) && roles.every((role) => typeof role === 'string') ? roles : []
}
