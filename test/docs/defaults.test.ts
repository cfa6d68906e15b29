import { describe, expect, test } from 'vitest'
import { algorithms, choices, fixed, numbers, ranges, shares } from '../../src/options/defaults.ts'
import { type Member, membersIn, numberIn, statementsIn } from './statements.ts'
import { readTree } from './tree.ts'

/** The comments of the options and the tables of the documents, against the data that the readers use. */

const files = new Map(readTree().map(({ path, text }) => [path, text]))
const comments = [
  'options',
  'audit-log',
  'redis-options',
  'otel-options',
  'mtls-options',
  'issuer-options',
  'introspection-options',
  'access',
  'verifier',
  'revocation',
  'client-options',
  'report-options',
].flatMap((name) => membersIn(sourceOf(`src/types/${name}.ts`)))
const kits = ['agent', 'certificate', 'clock', 'issuer', 'request-view'].flatMap((name) =>
  membersIn(sourceOf(`src/testing/${name}.ts`)),
)
/** Where the members of an option object are declared. */
const types: Readonly<Record<string, string>> = {
  '': 'VerifierOptions',
  token: 'TokenOptions',
  delegation: 'DelegationOptions',
  cache: 'CacheOptions',
  dpop: 'DpopOptions',
  'dpop.nonce': 'NonceOptions',
  mtls: 'MtlsOptions',
  'mtls.certificate.header': 'CustomCertificateHeader',
  issuer: 'IssuerOptions',
  'issuer.keys': 'KeyOptions',
  'issuer.introspection': 'IntrospectionOptions',
  issuerResolver: 'IssuerResolver',
  access: 'AccessRequirement',
  close: 'CloseOptions',
  memoryReplayStore: 'MemoryReplayOptions',
  redisReplayStore: 'RedisReplayOptions',
  'redisReplayStore.breaker': 'RedisBreakerOptions',
  'redisReplayStore.wait': 'RedisWaitOptions',
  redisRevocations: 'RedisRevocationOptions',
  auditLog: 'AuditLogOptions',
  'auditLog.checkpoint': 'CheckpointOptions',
  memoryRevocations: 'MemoryRevocationOptions',
  revocation: 'Revocation',
  agentReport: 'AgentReportOptions',
}

describe('comments of the options', () => {
  test.each(Object.entries({ ...numbers, ...ranges }))('DOCS: the comment of %s has its bounds', (path, bounds) => {
    const [, least, most] = commentOf(path).match(/From ([\d ]+)(?: \([^)]*\))? to ([\d ]+)\./) ?? []
    expect([numberIn(least), numberIn(most)]).toEqual([bounds.least, bounds.most])
  })

  test.each(Object.entries({ ...numbers, ...shares, ...choices }))(
    'DOCS: the comment of %s has its default',
    (path, setting) => {
      expect(defaultIn(commentOf(path))).toBe(String(setting.default))
    },
  )

  test.each(Object.entries(algorithms))('DOCS: the comment of %s lists its default', (path, names) => {
    expect(commentOf(path)).toContain(`Default: ${names.join(', ')}`)
  })

  test('DOCS: an optional member of the options names its default, any other is required', () => {
    const isOption = ({ type }: Member) => /Options$|Requirement$|Input$/.test(type)
    const settings = [...comments, ...kits].filter(isOption)
    const silent = settings.filter(({ comment, optional }) => optional !== /Default: /.test(comment))
    expect(silent.map(nameOf)).toEqual(containers)
    const required = settings.filter(({ optional }) => !optional)
    expect(required.filter(({ comment }) => !comment.includes('Required')).map(nameOf)).toEqual([])
    expect(settings.length).toBeGreaterThan(80)
  })

  test('DOCS: every public option and member has a comment', () => {
    expect([...comments, ...kits].filter(({ comment }) => comment === '').map(nameOf)).toEqual([])
  })

  test('DOCS: the numbers that no option changes are the ones the comments name', () => {
    expect(commentOf('audit')).toContain(`most ${grouped(fixed.pendingAuditEvents)} events wait for it`)
    expect(fixed.unprovenAuditEvents * 2).toBe(fixed.pendingAuditEvents)
    expect(commentOf('dpop.nonce.secret')).toContain(`at least ${fixed.nonceSecretBytes} bytes`)
    expect(commentOf('issuer.keys.freshSeconds')).toContain(`From ${fixed.keyRefreshShare * 100} %`)
    const directory = sourceOf('src/types/directory.ts').replace(/\n \* /g, ' ')
    const { directoryAnswerSeconds, directoryRefreshShare, directoryParties } = fixed
    expect(directory).toContain(`counts for ${directoryAnswerSeconds} s`)
    expect(directory).toContain(`once it is ${directoryAnswerSeconds * directoryRefreshShare} s old`)
    expect(directory).toContain(`at most ${grouped(directoryParties)} parties`)
    expect(commentOf('issuer.introspection.cacheSeconds')).toContain(`kept for ${fixed.inactiveSeconds} s`)
    expect(commentOf('issuer.introspection.signed')).toContain(`at most ${fixed.signedAnswerSeconds} s ago`)
    expect(sourceOf('src/types/introspection-options.ts')).toContain(
      `At most ${fixed.introspectionsInFlight} questions`,
    )
    expect(sourceOf('src/types/issuer-options.ts')).toContain(
      `At least ${fixed.keyCoolDownSeconds} s, or \`freshSeconds\``,
    )
  })
})

describe('defaults in the documents', () => {
  const pages = [...files.keys()].filter((path) => path === 'README.md' || /^docs\/[\w-]+\.md$/.test(path))
  const stated = pages.flatMap((path) => statementsIn(sourceOf(path)))

  test('DOCS: every number beside the name of an option is its default', () => {
    const wrong = stated.filter(({ name, value }) => {
      const settings = settingsNamed(name)
      return settings.length > 0 && !settings.some((setting) => setting.default === value)
    })
    expect(wrong).toEqual([])
  })

  test('DOCS: every default that is a number is there', () => {
    const missing = Object.entries({ ...numbers, ...shares }).filter(
      ([path, setting]) => !stated.some(({ name, value }) => isNamed(path, name) && Object.is(value, setting.default)),
    )
    expect(missing.map(([path]) => path)).toEqual([])
  })
})

/** Members that only hold others: their members name the defaults. */
const containers = [
  'VerifierOptions.token',
  'VerifierOptions.delegation',
  'VerifierOptions.cache',
  'IssuerOptions.keys',
]

function settingsNamed(name: string): readonly { readonly default: number }[] {
  return Object.entries({ ...numbers, ...shares })
    .filter(([path]) => isNamed(path, name))
    .map(([, setting]) => setting)
}

/** Documents leave out where a member belongs when the text around it tells. */
function isNamed(path: string, name: string): boolean {
  return path === name || path.endsWith(`.${name}`)
}

function commentOf(path: string): string {
  const type = types[path.split('.').slice(0, -1).join('.')]
  const name = path.split('.').at(-1)
  const found = comments.find((member) => member.type === type && member.name === name)
  if (found === undefined) throw new Error(`no member ${type}.${name}`)
  return found.comment
}

function defaultIn(comment: string): string {
  const [, text = ''] =
    comment.match(/Default: (?:`([^`]+)`|(.+?)\.(?:\s|$))/)?.filter((part) => part !== undefined) ?? []
  return /^[\d ]+$/.test(text) ? String(numberIn(text)) : text.replaceAll("'", '')
}

function sourceOf(path: string): string {
  const text = files.get(path)
  if (text === undefined) throw new Error(`no file ${path}`)
  return text
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ' ')
}

function nameOf({ type, name }: Member): string {
  return `${type}.${name}`
}
