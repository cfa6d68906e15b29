import { readFile } from 'node:fs/promises'
import { createTestCertificate } from 'onbehalf/testing'

export interface Settings {
  readonly issuer: string
  readonly port: number
  /** Where clients reach this API, if not at its own address. */
  readonly publicUrl: string | undefined
}

export function readSettings(): Settings {
  const { ISSUER, PORT, RESOURCE } = process.env
  if (ISSUER === undefined) throw new Error('ISSUER is required: the issuer identifier of the authorization server')
  return { issuer: ISSUER, port: Number(PORT ?? 0), publicUrl: RESOURCE }
}

/** The server's own key and certificate, from files; without them a throw-away pair for loopback, which clients have to be told to trust. */
export async function readServerIdentity(): Promise<{ key: string; cert: string }> {
  const { TLS_KEY_FILE, TLS_CERT_FILE } = process.env
  if (TLS_KEY_FILE !== undefined && TLS_CERT_FILE !== undefined) {
    return { key: await readFile(TLS_KEY_FILE, 'utf8'), cert: await readFile(TLS_CERT_FILE, 'utf8') }
  }
  const { key, certificate } = await createTestCertificate({ commonName: 'api', hosts: ['127.0.0.1'] })
  return { key, cert: certificate }
}

/** One JSON document a line: what a log collector reads. */
export function writeLine(entry: object): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`)
}
