import { parseArgs } from 'node:util'
import { readHttpsUrl } from '../internal/urls.ts'
import { refusals } from '../refusal/table.ts'
import { dialects } from '../token/dialects/index.ts'
import type { DialectName } from '../types/dialect.ts'
import { type Command, MisuseError } from './command.ts'
import { readGivenFile, readGivenToken } from './given-text.ts'
import { type GivenProof, type Inspection, inspectToken } from './inspection.ts'
import { productOf } from './products.ts'
import { foreign, jsonText, type Style, styled, type Terminal } from './terminal.ts'
import { describeTime } from './token-summary.ts'

export const inspect: Command = {
  name: 'inspect',
  summary: 'Says what a token is, and every reason for which a verifier with these options would refuse it.',
  help: `FILE|-|TOKEN [--issuer URL] [--resource URL] [--dialect NAME]
                 [--proof FILE --method M --url U] [--json]

  FILE|-|TOKEN    an access token in a file, from standard input, or itself: shells remember arguments
  --issuer URL    whose keys verify it; they are fetched. Without it nothing is fetched, and the
                  signature is unknown
  --resource URL  your API; default: what the token names in aud
  --dialect NAME  how the issuer writes tokens, such as ${Object.keys(dialects).slice(1, 4).join(', ')}
  --proof FILE    a DPoP proof that was sent with it, by the method M to the URL U
  --json          for machines

Ends with 1 where the token would be refused.`,
  async run(args, { terminal, fetch, input, now }) {
    const { values, positionals } = parseArgs({ args: [...args], options: inspectArguments, allowPositionals: true })
    const [argument, ...more] = positionals
    if (argument === undefined || more.length > 0) throw new MisuseError('inspect takes one token.')
    const proof = readProof(values)
    const dialect = readDialectName(values.dialect)
    const token = await readGivenToken(argument, input)
    const inspection = await inspectToken(
      token,
      { issuer: values.issuer, resource: values.resource, dialect, proof },
      { fetch, now },
    )
    if (token.isArgument)
      terminal.complain('Your shell may have kept this token in its history: give it by - or a file.')
    if (values.json) terminal.print(jsonText(inspection))
    else {
      printInspection(inspection, terminal, now())
      if (dialect === undefined) printProduct(inspection, terminal)
    }
    return inspection.reasons.length > 0 ? 1 : 0
  },
}

const inspectArguments = {
  issuer: { type: 'string' },
  resource: { type: 'string' },
  dialect: { type: 'string' },
  proof: { type: 'string' },
  method: { type: 'string' },
  url: { type: 'string' },
  json: { type: 'boolean' },
} as const

interface ProofArguments {
  readonly proof?: string | undefined
  readonly method?: string | undefined
  readonly url?: string | undefined
}

function readProof({ proof, method, url }: ProofArguments): GivenProof | undefined {
  if (proof === undefined && method === undefined && url === undefined) return undefined
  if (proof === undefined || method === undefined || url === undefined) {
    throw new MisuseError('--proof, --method and --url belong together.')
  }
  const text = readGivenFile(proof, '--proof').trim()
  return { text: text.replace(/^dpop:\s*/i, ''), method, url }
}

function readDialectName(name: string | undefined): DialectName | undefined {
  if (name === undefined || Object.hasOwn(dialects, name)) return name as DialectName | undefined
  throw new MisuseError(`--dialect must be one of ${Object.keys(dialects).join(', ')}.`)
}

const signatures: Readonly<Record<Inspection['signature'], readonly [text: string, style: Style]>> = {
  held: ['good', 'green'],
  failed: ['wrong: nothing that the token says can be believed', 'red'],
  unknown: ['unknown: nothing that the token says is verified', 'yellow'],
}

function printInspection(inspection: Inspection, terminal: Terminal, nowMs: number): void {
  const { token, signature, parties, reasons, notJudged } = inspection
  const print = (name: string, text: string) => terminal.print(`${name.padEnd(11)}${text}`)
  const [text, style] = signatures[signature]
  print('token', token.format === 'jwt' ? headerLine(token.header) : 'not a JWT: only its issuer can say what it means')
  print('signature', styled(terminal, style, text))
  for (const [name, value] of Object.entries(token.members)) print(name, foreign(JSON.stringify(value)))
  for (const [name, seconds] of Object.entries(token.times)) print(name, describeTime(seconds, nowMs))
  if (token.format === 'jwt') print('bound to', token.boundTo.map(foreign).join(', ') || 'nothing')
  if (token.otherClaims.length > 0) print('also has', token.otherClaims.map(foreign).join(', '))
  if (parties !== undefined) {
    const { actor, principal, authority, chain } = parties
    print('parties', `${authority === 'delegated' ? `${foreign(actor)} for ` : ''}${foreign(principal)} (${authority})`)
    if (chain.length > 1) print('chain', chain.map(foreign).join(' < '))
  }
  terminal.print('')
  for (const reason of reasons) printReason(reason, terminal)
  if (reasons.length === 0) terminal.print(styled(terminal, 'green', 'Nothing was found that is wrong with it.'))
  if (notJudged.length > 0) terminal.print(styled(terminal, 'dim', `Not judged: ${notJudged.join('; ')}.`))
}

/** The option has a name here; which dialect it takes, only the issuer tells. */
function printProduct({ token, reasons }: Inspection, terminal: Terminal): void {
  const url = readHttpsUrl(String(token.members['iss']))
  const product = typeof url === 'string' ? undefined : productOf(url.href)
  if (product === undefined || !reasons.some(({ facts }) => facts.hint === 'issuer.dialect')) return
  terminal.print(
    `${styled(terminal, 'yellow', 'hint')}  By its URL the issuer is ${product}: try --dialect ${product}.`,
  )
}

function headerLine(header: Inspection['token']['header']): string {
  const members = Object.entries(header).map(([name, value]) => `${name} ${foreign(JSON.stringify(value))}`)
  return ['JWT', ...members].join(', ')
}

function printReason({ code, facts }: Inspection['reasons'][number], terminal: Terminal): void {
  const { hint, ...rest } = facts
  terminal.print(`${styled(terminal, 'red', code)}  ${refusals[code].detail}`)
  for (const [name, value] of Object.entries(rest)) terminal.print(`  ${name}: ${foreign(JSON.stringify(value))}`)
  if (hint !== undefined) terminal.print(`  admitted by the option: ${foreign(hint)}`)
}
