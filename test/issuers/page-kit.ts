/** Reads docs/issuers.md, and asks a verifier with the options of its snippets. */
import { compileFunction } from 'node:vm'
import type { JSONWebKeySet } from 'jose'
import { createVerifier, type Dialect, type IssuerOptions, type Refusal } from 'onbehalf'
import * as presets from 'onbehalf/issuers'
import { readBlocks, readDocument } from '../package/documents.ts'
import { createForge, type Forge } from '../support/forge.ts'
import type { Members } from '../support/jws.ts'
import { type Call, refusalIn } from '../support/kit.ts'
import type { DefaultToken } from './default-tokens.ts'

const page = readDocument('docs/issuers.md')
export const resource = 'https://api.example.com'
export const forge: Forge = await createForge({ algorithm: 'RS256' })
export const jwks: JSONWebKeySet = { keys: [{ ...forge.key.publicJwk, kid: 'k1', alg: 'RS256', use: 'sig' }] }
export const now: number = Math.floor(forge.clock.now() / 1_000)

/** The issuer of the page's snippet, with the keys of the test in place of fetched ones. */
export function optionsOf(name: string): IssuerOptions {
  const [, call = ''] = /^const issuer = ([\s\S]*?)\nexport const verifier/m.exec(snippet(name)) ?? []
  const made = compileFunction(`return ${call}`, Object.keys(presets))(...Object.values(presets)) as IssuerOptions
  return { ...made, jwksUri: undefined, jwks }
}

export function dialectOf(name: string): Dialect {
  const [, literal = ''] = /^const acme: Dialect = (\{[\s\S]*?^\})/m.exec(snippet(name)) ?? []
  return compileFunction(`return ${literal}`)() as Dialect
}

function snippet(name: string): string {
  const block = readBlocks(page).find(({ file }) => file === `${name}.ts`)
  if (block === undefined) throw new Error(`the page has no snippet ${name}.ts`)
  return block.text
}

export function sectionOf(title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? ''
}

export type Body = Pick<DefaultToken, 'typ' | 'seconds' | 'claims'>

export async function refusalWith(options: IssuerOptions, sample: Body): Promise<Refusal | undefined> {
  const verdict = await forge.call(callOf(options, sample))
  return verdict.ok ? undefined : refusalIn(verdict)
}

export function callOf(issuer: IssuerOptions, { typ, seconds, claims }: Body): Call<Members> {
  const payload = { iss: issuer.issuer, iat: now, exp: now + seconds, ...claims }
  const token = forge.raw(forge.header({ typ, alg: 'RS256' }), payload)
  const verifier = createVerifier({ issuer, resource, clock: forge.clock })
  const url = `${resource}/tools`
  return claims['cnf'] === undefined
    ? { token, verifier, url, scheme: 'Bearer', proof: null }
    : { token, verifier, url }
}
