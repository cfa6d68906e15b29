import type { Dialect } from '../../types/dialect.ts'

export const keycloakDialect: Dialect = { name: 'keycloak' }
