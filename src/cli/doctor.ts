import { parseArgs } from 'node:util'
import { type Command, MisuseError } from './command.ts'
import { type CheckedKey, type Checkup, examineIssuer } from './issuer-checkup.ts'
import { type Finding, findingsOf, optionsFor } from './issuer-findings.ts'
import { foreign, jsonText, type Style, styled, type Terminal } from './terminal.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'Looks at what an issuer publishes, and says which options its tokens need.',
  help: `ISSUER [--json]

  ISSUER   the iss of its tokens, character by character, such as https://as.example.com
  --json   for machines

It fetches the metadata and the keys, and sends nothing. Ends with 1 where tokens would be refused.`,
  async run(args, { terminal, fetch }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' } },
      allowPositionals: true,
    })
    const [issuer, ...more] = positionals
    if (issuer === undefined || more.length > 0) throw new MisuseError('doctor takes one issuer.')
    const checkup = await examineIssuer(issuer, fetch)
    if (checkup === undefined) {
      throw new MisuseError('ISSUER must be an https URL, or http on a loopback host, without query and fragment.')
    }
    const findings = findingsOf(checkup)
    if (values.json) printJson(checkup, findings, terminal)
    else printCheckup(checkup, findings, terminal)
    return findings.some(({ kind }) => kind === 'problem') ? 1 : 0
  },
}

function printJson(checkup: Checkup, findings: readonly Finding[], { print }: Terminal): void {
  const { metadata: _, ...rest } = checkup
  print(jsonText({ ...rest, findings, options: optionsFor(checkup) }))
}

function printCheckup(checkup: Checkup, findings: readonly Finding[], terminal: Terminal): void {
  const { print } = terminal
  print(styled(terminal, 'bold', foreign(checkup.issuer)))
  for (const { url, notUsed } of checkup.documents) {
    print(`  ${foreign(url)}: ${notUsed === null ? 'used' : styled(terminal, 'dim', foreign(notUsed))}`)
  }
  if (checkup.keysUrl !== null) print(`  ${foreign(checkup.keysUrl)}`)
  for (const key of checkup.keys.slice(0, mostKeysShown)) print(`    ${describeKey(key, terminal)}`)
  if (checkup.keys.length > mostKeysShown) print(`    and ${checkup.keys.length - mostKeysShown} more`)
  print('')
  for (const finding of findings) print(describeFinding(finding, terminal))
  const options = optionsFor(checkup)
  if (options !== null) print(`\nOptions: issuer: ${foreign(JSON.stringify(options))}`)
}

const mostKeysShown = 20

function describeKey({ kid, type, usedFor, passedOver, usableFor }: CheckedKey, terminal: Terminal): string {
  const name = `key ${kid === null ? 'without kid' : foreign(kid)} (${foreign(type)})`
  if (usedFor !== null) return `${name}: used for ${usedFor}`
  const cure = usableFor === null ? '' : `; usable for ${usableFor}`
  return `${name}: ${styled(terminal, 'yellow', `passed over, ${passedOver ?? 'not a key'}${cure}`)}`
}

const marks: Readonly<Record<Finding['kind'], readonly [word: string, style: Style]>> = {
  good: ['good   ', 'green'],
  hint: ['hint   ', 'yellow'],
  problem: ['problem', 'red'],
}

function describeFinding({ kind, text, option }: Finding, terminal: Terminal): string {
  const [word, style] = marks[kind]
  const about = option === null ? '' : styled(terminal, 'dim', ` [${option}]`)
  return `${styled(terminal, style, word)} ${foreign(text)}${about}`
}
