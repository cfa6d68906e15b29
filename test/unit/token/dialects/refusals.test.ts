import { expect, test } from 'vitest'
import { entraDialect } from '../../../../src/token/dialects/entra.ts'
import { fusionauthDialect } from '../../../../src/token/dialects/fusionauth.ts'
import { oktaDialect } from '../../../../src/token/dialects/okta.ts'
import { scalekitDialect } from '../../../../src/token/dialects/scalekit.ts'
import { stytchDialect } from '../../../../src/token/dialects/stytch.ts'
import { workosAgentsDialect } from '../../../../src/token/dialects/workos-agents.ts'
import { wso2Dialect } from '../../../../src/token/dialects/wso2.ts'
import { zitadelDialect } from '../../../../src/token/dialects/zitadel.ts'
import type { JwtPayload } from '../../../../src/types/context.ts'
import type { Dialect } from '../../../../src/types/dialect.ts'

const registration = { sub: 'agent_reg_1', org_id: 'org_1', jti: 'j' }
const machine = { sub: 'm2m-client-1', scope: 'a' }
const connected = { sub: 'user-1', scope: 'a', client_id: 'c', jti: 'j' }

/** `expected`: the claim that marks another class of token. */
const cases: readonly (readonly [dialect: Dialect, claims: object, expected: string | undefined])[] = [
  [entraDialect, { azp: 'c' }, undefined],
  [entraDialect, { appid: 'c' }, undefined],
  [entraDialect, {}, 'azp'],
  [fusionauthDialect, { scope: 'a' }, undefined],
  [fusionauthDialect, { permissions: {} }, undefined],
  [fusionauthDialect, {}, 'scope'],
  [oktaDialect, { jti: 'AT.1', scp: ['a'] }, undefined],
  [oktaDialect, { scope: 'a' }, undefined],
  [oktaDialect, { jti: 'ID.1', scp: ['a'] }, 'jti'],
  [oktaDialect, { jti: '1.AT.', scp: ['a'] }, 'jti'],
  [oktaDialect, { jti: 7, scp: ['a'] }, 'jti'],
  [oktaDialect, { jti: 'AT.1' }, 'scp'],
  [scalekitDialect, {}, undefined],
  [scalekitDialect, { amr: [] }, 'amr'],
  [scalekitDialect, { azp: 'c' }, 'azp'],
  [stytchDialect, machine, undefined],
  [stytchDialect, connected, undefined],
  [stytchDialect, { ...connected, jti: undefined }, 'jti'],
  [stytchDialect, { ...connected, client_id: undefined }, 'client_id'],
  [stytchDialect, { ...machine, sub: '1-m2m-client-' }, 'client_id'],
  [stytchDialect, { ...machine, sub: 7 }, 'client_id'],
  [stytchDialect, { ...machine, client_id: 'c' }, 'jti'],
  [stytchDialect, { ...machine, scope: undefined }, 'scope'],
  [workosAgentsDialect, registration, undefined],
  [workosAgentsDialect, { ...registration, org_id: undefined }, 'org_id'],
  [workosAgentsDialect, { ...registration, jti: undefined }, 'jti'],
  [wso2Dialect, { aut: 'AGENT' }, undefined],
  [wso2Dialect, { aut: 'AGENT', amr: [] }, 'amr'],
  [wso2Dialect, { aut: 'AGENT', isk: 's' }, 'isk'],
  [wso2Dialect, {}, 'aut'],
  [zitadelDialect, { jti: 'j' }, undefined],
  [zitadelDialect, {}, 'jti'],
  ...['auth_time', 'azp', 'amr', 'acr', 'sid'].map(
    (claim) => [zitadelDialect, { jti: 'j', [claim]: 1 }, claim] as const,
  ),
]

const rows = cases.map(([dialect, claims, expected]) => {
  const told = expected === undefined ? 'is of its class' : `is told apart by ${expected}`
  return [dialect.name, claims, told, expected, dialect] as const
})

test.each(rows)('RFC 8725 §3.12: %s: %j %s', (_name, claims, _told, expected, { refuse }) => {
  expect(refuse?.({}, claims as JwtPayload)).toBe(expected)
})
