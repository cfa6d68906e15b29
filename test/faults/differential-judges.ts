import { calculateJwkThumbprint, createLocalJWKSet, EmbeddedJWK, type JSONWebKeySet, type JWK, jwtVerify } from 'jose'
import { clockTolerance, customFetch, jwksCache, validateJwtAccessToken } from 'oauth4webapi'
import type { Algorithm } from 'onbehalf'
import { startMs } from '../properties/rig.ts'
import { sha256 } from '../support/bytes.ts'
import { issuerUrl, resource } from '../support/kit.ts'
import type { Pair } from './differential-pairs.ts'

/** Two other verifiers. Each answers undefined for a good pair, else why it is none. */
export type Judge = (pair: Pair) => Promise<string | undefined>

const algorithms: Algorithm[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256']
const proofAlgorithms = algorithms.filter((algorithm) => algorithm !== 'RS256')

async function reasonOf(judged: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await judged()
    return undefined
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'refused'
  }
}

/** RFC 9449 §4.3 put together of two calls of jwtVerify, as a careful user of jose would. */
export function joseJudge(jwks: JSONWebKeySet): Judge {
  const keys = createLocalJWKSet(jwks)
  const common = { clockTolerance: 5, currentDate: new Date(startMs) }
  return (pair) =>
    reasonOf(async () => {
      const [scheme = '', token = '', ...rest] = `${pair.scheme} ${pair.token}`.split(/ +/)
      if (scheme.toLowerCase() !== 'dpop' || rest.length > 0) throw new Error('scheme')
      const audience = [resource, `${resource}/`]
      const { payload } = await jwtVerify(token, keys, {
        ...common,
        algorithms,
        typ: 'at+jwt',
        issuer: issuerUrl,
        audience,
      })
      const proof = pair.proof?.trim() ?? ''
      const proven = await jwtVerify(proof, EmbeddedJWK, { ...common, algorithms: proofAlgorithms, typ: 'dpop+jwt' })
      const { htm, htu, ath, iat, jti } = proven.payload
      const { jkt } = payload['cnf'] as { jkt?: unknown }
      requireThat(jkt === (await calculateJwkThumbprint(proven.protectedHeader.jwk as JWK)), 'jkt')
      requireThat(htm === pair.method, 'htm')
      requireThat(withoutQuery(String(htu)) === withoutQuery(pair.url), 'htu')
      requireThat(ath === sha256(token), 'ath')
      requireThat(typeof iat === 'number' && Math.abs(iat - startMs / 1_000) <= 300, 'iat')
      requireThat(typeof jti === 'string', 'jti')
    })
}

function requireThat(holds: boolean, name: string): void {
  if (!holds) throw new Error(name)
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** It reads the machine's clock, which the test has set. */
export function oauth4webapiJudge(jwks: JSONWebKeySet): Judge {
  const server = { issuer: issuerUrl, jwks_uri: `${issuerUrl}/jwks` }
  const options = {
    requireDPoP: true,
    [clockTolerance]: 5,
    [jwksCache]: { jwks, uat: startMs / 1_000 } as never,
    [customFetch]: () => Promise.reject(new Error('the keys are known')),
  }
  return ({ token, proof, method, url, scheme }) =>
    reasonOf(() => {
      const headers = { authorization: `${scheme} ${token}`, ...(proof !== undefined && { dpop: proof }) }
      return validateJwtAccessToken(server, new Request(url, { method, headers }), resource, options)
    })
}
