import type { Halves, KeySettings, Route } from './hardware-key.ts'
import { HardwareKeyError } from './hardware-key-error.ts'
import { askPkcs11Tool } from './pkcs11-tool.ts'

/** The key through a program: each question is a process and a login of its own. */
export async function openWithPkcs11Tool(settings: KeySettings): Promise<Route> {
  await requireToken(settings)
  let last: Promise<unknown> = Promise.resolve()
  /** One process at a time: tokens have few sessions, and SoftHSM refuses now and then where several open it at once. */
  function ask(args: readonly string[], input?: Buffer): Promise<Buffer> {
    const answer = last.then(() => askPkcs11Tool(settings, { args, ...(input !== undefined && { input }) }))
    last = answer.catch(() => {})
    return answer
  }
  const byId = ['--id', settings.keyId]

  return {
    name: 'pkcs11-tool',
    find: async () => halvesIn(String(await ask(['--list-objects'])), settings.keyId),
    async make() {
      const kind = ['--key-type', 'EC:prime256v1', '--usage-sign', '--sensitive', '--label', 'agent']
      await ask(['--keypairgen', ...kind, ...byId])
    },
    readPublicKey: () => ask(['--read-object', '--type', 'pubkey', ...byId]),
    // It signs by the id of the key; of a label it takes no notice.
    signHash: (hash) => ask(['--sign', '--mechanism', 'ECDSA', '--signature-format', 'rs', ...byId], hash),
    close() {},
  }
}

/** First, and without the PIN: it is sent to no other token. */
async function requireToken(settings: KeySettings): Promise<void> {
  const list = String(await askPkcs11Tool(settings, { args: ['--list-token-slots'], withPin: false }))
  const labels = [...list.matchAll(/^ {2}token label +: (.*)$/gm)].map(([, label = '']) => label.trimEnd())
  const count = labels.filter((label) => label === settings.tokenLabel).length
  if (count === 1) return
  const code = count === 0 ? 'token_missing' : 'token_ambiguous'
  throw new HardwareKeyError(code, `${count} tokens have the label ${settings.tokenLabel}; one is needed.`)
}

/** It lists every object, whatever id it is told: an object is a line at the margin, and lines below that are set in. */
function halvesIn(list: string, keyId: string): Halves {
  const objects = list.split(/^(?=\S)/m).filter((object) => lastIn(object, 'ID') === keyId)
  const privateKeys = objects.filter((object) => object.startsWith('Private Key Object'))
  return {
    privateKeys: privateKeys.length,
    publicKeys: objects.filter((object) => object.startsWith('Public Key Object')).length,
    isConfined: privateKeys.every(isConfined),
  }
}

/** PKCS #11 v2.40 §4.9. */
function isConfined(object: string): boolean {
  const access = (lastIn(object, 'Access') ?? '').split(', ')
  const wanted = ['sensitive', 'always sensitive', 'never extractable']
  return wanted.every((word) => access.includes(word)) && !access.includes('extractable')
}

/** The last one: a label stands before it and may hold anything. */
function lastIn(object: string, name: string): string | undefined {
  return [...object.matchAll(new RegExp(`^  ${name}: +(.*)$`, 'gm'))].at(-1)?.[1]
}
