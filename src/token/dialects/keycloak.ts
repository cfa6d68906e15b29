import type { Dialect } from '../../types/dialect.ts'

export const keycloak: Dialect = { name: 'keycloak' }
