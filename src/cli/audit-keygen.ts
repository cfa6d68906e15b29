import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { thumbprint } from '../jose/jwk.ts'
import { type Command, MisuseError } from './command.ts'
import { foreign } from './terminal.ts'

export const auditKeygen: Command = {
  name: 'audit keygen',
  summary: 'Makes the key pair that an audit log is signed and verified with.',
  help: `[--out NAME]

  --out NAME   writes NAME.key (private, keep it secret) and NAME.pub, both as JWK; default: audit
               Files that exist are not overwritten.`,
  async run(args, { terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { out: { type: 'string' } },
      allowPositionals: true,
    })
    if (positionals.length > 0 || values.out === '') throw new MisuseError('audit keygen takes nothing but --out NAME.')
    const name = values.out ?? 'audit'
    const { privateKey } = generateKeyPairSync('ed25519')
    const { kty, crv, x, d } = privateKey.export({ format: 'jwk' })
    const kid = thumbprint({ kty, crv, x })
    writeNew(`${name}.key`, { kty, crv, x, d, kid })
    writeNew(`${name}.pub`, { kty, crv, x, kid })
    terminal.print(`${foreign(name)}.key  private: the process that writes the log needs it, nobody else`)
    terminal.print(`${foreign(name)}.pub  public: audit verify needs it`)
    terminal.print(`kid: ${kid}`)
    return 0
  },
}

function writeNew(file: string, jwk: object): void {
  try {
    writeFileSync(file, `${JSON.stringify(jwk)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const isThere = (error as { code?: unknown }).code === 'EEXIST'
    throw isThere ? new MisuseError('There is a file of this name, and it is not overwritten.') : error
  }
}
