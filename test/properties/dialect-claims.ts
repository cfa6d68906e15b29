/** Claims with the names that dialects read, mostly of the right type, so that many tokens are admitted. */
import fc from 'fast-check'
import type { Members } from '../support/jws.ts'
import { issuerUrl, resource } from '../support/kit.ts'
import { anyJson } from './rig.ts'

const name = fc.oneof(
  fc.constantFrom(
    'alice',
    'app',
    'planner',
    'app@clients',
    'agent_reg_1',
    'm2m_1',
    'm2m-client-1',
    '__proto__',
    resource,
  ),
  fc.string({ minLength: 1, maxLength: 6 }),
)
const issuerName = fc.constantFrom(issuerUrl, 'https://other.example.test')
const profile = fc.constantFrom('user', 'ai_agent', 'service AI_AGENT', 'human', '')
const facets = fc.oneof(
  fc.constantFrom('11', '3 9 11', '13', '2 3', '11 x', '', ' 11'),
  fc.constantFrom(['11'], ['1', '13'], [11]),
)
const scopeText = fc.constantFrom('', '/', 'a', 'a b', 'b a', 'a b c', 'a  b', '*')
const scopeList = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
const roles = fc.record({ roles: fc.oneof(scopeList, anyJson) }, { noNullPrototype: true })

const act = fc.letrec<{ act: unknown }>((tie) => ({
  act: fc.oneof({ weight: 8, arbitrary: actWith(tie('act')) }, { weight: 1, arbitrary: anyJson }),
})).act

function actWith(inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.record(
    { sub: name, iss: issuerName, client_id: name, sub_profile: profile, act: fc.option(inner, { nil: undefined }) },
    { requiredKeys: ['sub'], noNullPrototype: true },
  )
}

const delegation = fc.record({
  depth: fc.oneof(fc.nat({ max: 3 }), anyJson),
  max_depth: fc.nat({ max: 3 }),
  chain: fc.array(name, { maxLength: 4 }),
})
const agent = fc.record(
  { id: name, operator: fc.oneof(name, anyJson), model: anyJson, runtime: anyJson },
  { requiredKeys: ['id'] },
)

const typed: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  act,
  client_id: name,
  azp: name,
  appid: name,
  cid: name,
  applicationId: name,
  uid: name,
  oid: name,
  tid: name,
  jti: fc.constantFrom('1', 'AT.1', 'ID.1'),
  uti: name,
  idtyp: fc.constantFrom('user', 'app', 'x'),
  xms_act_fct: facets,
  xms_sub_fct: facets,
  xms_par_app_azp: name,
  agent,
  aap_agent: agent,
  delegation,
  capabilities: fc.array(fc.record({ action: name })),
  resource_access: fc.dictionary(
    fc.constantFrom(resource, 'account', '__proto__', 'constructor'),
    fc.oneof(roles, anyJson),
  ),
  realm_access: roles,
  preferred_username: fc.constantFrom('service-account-app', 'alice'),
  typ: fc.constant('Bearer'),
  scope: scopeText,
  scp: fc.oneof(scopeText, scopeList),
  scopes: scopeList,
  identity_type: fc.constantFrom('agent', 'service', 'x'),
  delegation_depth: fc.nat({ max: 3 }),
  aut: fc.constantFrom('AGENT', 'APPLICATION', 'APPLICATION_USER', 'constructor'),
  token_use: fc.constant('access'),
  'cognito:groups': scopeList,
  permissions: fc.oneof(scopeList, fc.dictionary(name, scopeList)),
  roles: scopeList,
  org_id: name,
  sub_profile: profile,
  client_profile: profile,
  mission_id: name,
  mission: fc.record({ id: name, expires_at: fc.nat() }, { requiredKeys: [] }),
  chain_complete: fc.boolean(),
}

/** Of each claim: absent, of its type, or now and then anything. */
function member(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constant(undefined) },
    { weight: 14, arbitrary },
    { weight: 1, arbitrary: anyJson },
  )
}

export const dialectClaims: fc.Arbitrary<Members> = fc
  .tuple(
    fc.record(Object.fromEntries(Object.entries(typed).map(([key, value]) => [key, member(value)])), {
      noNullPrototype: true,
    }),
    name,
    fc.dictionary(fc.constantFrom('__proto__', 'constructor', 'toString', 'x'), anyJson, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
  )
  .map(([claims, sub, more]) => ({ ...more, ...claims, sub }))
