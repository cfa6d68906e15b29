import type { StepUpChallenge } from '../types/client-options.ts'
import { type Challenge, readChallenges } from './challenges.ts'

/** What a refusal asks for. */

/** RFC 9449 §9 for a resource server (401, in the challenge), §8 for an authorization server (400, in the body). */
export async function wantsNonce(response: Response): Promise<boolean> {
  if (!response.headers.has('dpop-nonce')) return false
  if (response.status === 401)
    return challengesIn(response).some((challenge) => errorOf(challenge) === 'use_dpop_nonce')
  if (response.status !== 400 || !/\bjson\b/i.test(response.headers.get('content-type') ?? '')) return false
  return errorIn(await firstPartOf(response)) === 'use_dpop_nonce'
}

/** Longer than any error of a token endpoint, in octets. */
const longestError = 16_384

/** The caller can still read the answer. What comes after the first part is not waited for. */
async function firstPartOf(response: Response): Promise<string> {
  const reader = response.clone().body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (reader !== undefined && text.length < longestError) {
    const { value, done } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
  }
  // Not awaited: it would wait for the caller to read as well.
  void reader?.cancel().catch(() => {})
  return ''
}

function errorIn(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  } catch {
    return undefined
  }
}

/** RFC 6750 §3.1 (403), RFC 9470 §3 (401). */
export function readStepUp(response: Response, url: URL): StepUpChallenge | undefined {
  if (response.status !== 401 && response.status !== 403) return undefined
  for (const challenge of challengesIn(response)) {
    const error = errorOf(challenge)
    if (error !== 'insufficient_scope' && error !== 'insufficient_user_authentication') continue
    const { parameters } = challenge
    const maxAge = parameters.get('max_age') ?? ''
    return {
      error,
      url,
      scopes: wordsIn(parameters.get('scope')),
      acrValues: wordsIn(parameters.get('acr_values')),
      maxAge: /^\d{1,10}$/.test(maxAge) ? Number(maxAge) : undefined,
      resourceMetadata: parameters.get('resource_metadata'),
    }
  }
  return undefined
}

function challengesIn({ headers }: Response): readonly Challenge[] {
  return readChallenges(headers.get('www-authenticate') ?? '')
}

function errorOf({ scheme, parameters }: Challenge): string | undefined {
  return scheme === 'dpop' || scheme === 'bearer' ? parameters.get('error') : undefined
}

function wordsIn(list: string | undefined): readonly string[] {
  return list?.split(' ').filter((word) => word !== '') ?? []
}
