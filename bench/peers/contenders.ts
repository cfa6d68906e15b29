import { createPublicKey } from 'node:crypto'
import type { Handler } from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { createVerifier as createFastVerifier } from 'fast-jwt'
import { calculateJwkThumbprint, EmbeddedJWK, importJWK, type JWK, jwtVerify } from 'jose'
import { customFetch, jwksCache, validateJwtAccessToken } from 'oauth4webapi'
import { createVerifier } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { flat } from '../keys.ts'
import { rawVerification, sha256 } from '../raw.ts'
import { admit, dpopView } from '../requests.ts'
import type { Inputs, PeerRequest } from './inputs.ts'

/** Everything that need not be done anew for a request is done before, for each of them. An error: not accepted. */
export type Contender = (inputs: Inputs) => Promise<Prepare>
/** Makes of a request what the library wants to be given, and what is timed. */
type Prepare = (request: PeerRequest) => () => unknown

/** Five minutes, as the others have it; on this thread, as they are called one after the other. */
const dpop = { maxAgeSeconds: 300, offload: 'never' } as const

export const contenders: Readonly<Record<Inputs['kind'], Readonly<Record<string, Contender>>>> = {
  dpop: {
    onbehalf: async ({ issuer, jwks, resource }) => {
      const verifier = createVerifier({ issuer: { issuer, jwks, maxTokenSeconds: 3_600 }, resource, dpop })
      return ({ token, proof }) => {
        const view = dpopView(token, proof)
        return () => admit(verifier, view)
      }
    },
    'express-oauth2-jwt-bearer': async (inputs) => throughExpress(inputs, { dpop: { enabled: true, required: true } }),
    oauth4webapi: throughOauth4webapi,
    'jose, two jwtVerify': throughJose,
    'one raw verification': async () => {
      const keys = new Map<string, ReturnType<typeof createPublicKey>>()
      return ({ token, proof }) => {
        const { jwk } = JSON.parse(Buffer.from(proof.split('.')[0] ?? '', 'base64url').toString())
        const key = keys.get(token) ?? createPublicKey({ key: jwk, format: 'jwk' })
        keys.set(token, key)
        return rawVerification(proof, key)
      }
    },
  },
  mtls: {
    onbehalf: async ({ issuer, jwks, resource, url }) => {
      const verifier = createVerifier({ issuer: { issuer, jwks, maxTokenSeconds: 3_600 }, resource })
      const bytes = createCertificateReader()
      return ({ token, certificate }) => {
        const headers = { authorization: flat(`Bearer ${token}`) }
        const view = requestView({ url, headers, certificate: bytes(certificate) })
        return () => admit(verifier, view)
      }
    },
    'express-oauth2-jwt-bearer': async (inputs) => throughExpress(inputs, { mtls: { enabled: true, required: true } }),
    'jose, one jwtVerify': async ({ issuer, jwks, resource }) => {
      const key = await importJWK(jwks.keys[0] as JWK, 'ES256')
      const options = { issuer, audience: resource, typ: 'at+jwt' }
      const bytes = createCertificateReader()
      return ({ token, certificate }) => {
        const der = bytes(certificate)
        return async () => {
          const { payload } = await jwtVerify(token, key, options)
          requireEqual((payload['cnf'] as { 'x5t#S256': string })['x5t#S256'], sha256(der))
        }
      }
    },
    /** It looks at no certificate: the token is all it checks. */
    'fast-jwt with cache': async ({ issuer, jwks, resource }) => {
      const pem = createPublicKey({ key: { ...jwks.keys[0] }, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
      const verify = createFastVerifier({
        key: String(pem),
        algorithms: ['ES256'],
        allowedIss: issuer,
        allowedAud: resource,
        cache: true,
      })
      return ({ token }) => {
        const line = flat(token)
        return () => verify(line)
      }
    },
  },
}

async function throughJose({ issuer, jwks, resource, url }: Inputs): Promise<Prepare> {
  const key = await importJWK(jwks.keys[0] as JWK, 'ES256')
  const options = { issuer, audience: resource, typ: 'at+jwt' }
  return ({ token, proof }) =>
    async () => {
      const { payload } = await jwtVerify(token, key, options)
      const { payload: claims, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' })
      requireEqual((payload['cnf'] as { jkt: string }).jkt, await calculateJwkThumbprint(protectedHeader.jwk as JWK))
      requireEqual(claims['ath'], sha256(token))
      requireEqual(claims['htu'], url)
      requireEqual(claims['htm'], 'GET')
    }
}

function requireEqual(a: unknown, b: unknown): void {
  if (a !== b) throw new Error('not equal')
}

async function throughOauth4webapi({ issuer, jwks, resource, url }: Inputs): Promise<Prepare> {
  const server = { issuer, jwks_uri: `${issuer}/jwks` }
  const cache = { jwks: jwks as { keys: JWK[] }, uat: Math.floor(Date.now() / 1_000) }
  const options = {
    requireDPoP: true,
    [jwksCache]: cache as never,
    [customFetch]: () => Promise.reject(new Error('the keys are known')),
  }
  return ({ token, proof }) => {
    const request = new Request(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } })
    return () => validateJwtAccessToken(server, request, resource, options)
  }
}

/** Its middleware alone, given what it reads of an Express request: no framework's time is counted. */
function throughExpress(
  { issuer, jwks, resource, url, kind }: Inputs,
  more: NonNullable<Parameters<typeof auth>[0]>,
): Prepare {
  const { host, pathname } = new URL(url)
  const handler = auth({
    issuer,
    audience: resource,
    publicKey: jwks as { keys: Record<string, unknown>[] },
    ...more,
    ...(kind === 'mtls' && {
      getCertificate: (request) => (request as unknown as { certificate: Uint8Array }).certificate,
    }),
  })
  const bytes = createCertificateReader()
  return ({ token, proof, certificate }) => {
    const isDpop = kind === 'dpop'
    const headers: Record<string, string> = { host, authorization: `${isDpop ? 'DPoP' : 'Bearer'} ${token}` }
    if (isDpop) headers['dpop'] = proof
    const request = {
      method: 'GET',
      protocol: 'https',
      originalUrl: pathname,
      url: pathname,
      headers,
      query: {},
      certificate: bytes(certificate),
      get: (name: string) => headers[name.toLowerCase()],
      is: () => false,
    }
    return () =>
      new Promise<void>((resolve, reject) => {
        const next = (error?: unknown) => (error === undefined ? resolve() : reject(error))
        ;(handler as (...all: Parameters<Handler>) => void)(request as never, {} as never, next)
      })
  }
}

/** One buffer per certificate, as there is one per connection. */
function createCertificateReader(): (certificate: string) => Uint8Array {
  const known = new Map<string, Uint8Array>()
  return (certificate) => {
    const der = known.get(certificate) ?? Buffer.from(certificate, 'base64')
    known.set(certificate, der)
    return der
  }
}
