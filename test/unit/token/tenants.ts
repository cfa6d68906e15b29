import type { IssuerOptions, IssuerResolver, Verifier, VerifierOptions } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Members, makeRawKey, rawJws } from '../../support/jws.ts'
import { type Outcome, outcomeOf, url } from '../../support/kit.ts'

/** Tenants with keys of their own under one kid, and a resolver whose answers a test sets. */
export interface Stage {
  readonly forge: Forge
  readonly resolver: IssuerResolver
  /** What was asked, in order. */
  readonly asked: string[]
  /** What `resolve` does for an issuer; without an entry it knows none. */
  readonly answers: Map<string, () => unknown>
  /** A new tenant, which the resolver knows. */
  tenant(name: string, options?: Partial<IssuerOptions>): Promise<Tenant>
  /** With the resolver alone, unless the options name issuers. */
  open(options?: Partial<VerifierOptions>): Verifier
  /** These requests carry no proof: `proof_missing` is the code of one whose token was accepted. */
  judge(verifier: Verifier, token: string): Promise<Outcome>
  /** The same where the verdict must be there at once. */
  judgeNow(verifier: Verifier, token: string): Outcome | 'had to wait'
}

export interface Tenant {
  readonly issuer: string
  readonly options: IssuerOptions
  token(claims?: Members, header?: Members): string
}

export const held = 'proof_missing'

export async function createStage(settings: Pick<IssuerResolver, 'max' | 'freshSeconds'> = {}): Promise<Stage> {
  const forge = await createForge()
  const asked: string[] = []
  const answers = new Map<string, () => unknown>()
  const resolver: IssuerResolver = {
    resolve(iss) {
      asked.push(iss)
      return answers.get(iss)?.() as IssuerOptions | undefined
    },
    ...settings,
  }
  const viewOf = (token: string) => requestView({ url, headers: { authorization: `DPoP ${token}` } })
  return {
    forge,
    resolver,
    asked,
    answers,
    async tenant(name, options) {
      const tenant = await createTenant(forge, name, options)
      answers.set(tenant.issuer, () => tenant.options)
      return tenant
    },
    open: (options) => forge.verifierWith({ issuer: resolver, cache: { tokenSeconds: 3_600 }, ...options }),
    judge: async (verifier, token) => outcomeOf(await verifier.check(viewOf(token))),
    judgeNow(verifier, token) {
      const verdict = verifier.checkNow(viewOf(token))
      return verdict instanceof Promise ? 'had to wait' : outcomeOf(verdict)
    },
  }
}

/** Its tokens live for an hour. */
export async function createTenant(forge: Forge, name: string, options: Partial<IssuerOptions> = {}): Promise<Tenant> {
  const key = await makeRawKey('ES256')
  const issuer = `https://${name}.example.test`
  const token: Tenant['token'] = (claims, header) => {
    const now = Math.floor(forge.clock.now() / 1_000)
    return rawJws(key, forge.header(header), forge.claims({ iss: issuer, exp: now + 3_600, ...claims }))
  }
  const jwks = { keys: [{ ...key.publicJwk, kid: 'k1', alg: 'ES256' }] }
  return { issuer, options: { issuer, jwks, maxTokenSeconds: 3_600, ...options }, token }
}

/** A promise and what settles it. */
export function pending<T>(): { readonly promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve: (value) => resolve(value), reject: (error) => reject(error) }
}
