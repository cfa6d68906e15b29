import { OptionsError } from '../internal/option-reader.ts'
import type { RequestView } from '../types/request.ts'
import type { HeaderList } from '../types/verdict.ts'
import type { ResourceMetadata, Verifier } from '../types/verifier.ts'
import type { Answer } from './answer.ts'

/** Answers a request for the document, or its preflight; undefined for any other request. */
export type AnswerDocument = (view: RequestView, scopes: () => readonly string[]) => Answer | undefined

/**
 * The RFC 9728 document as responses (§3.2, §7.10), to the exact target alone. The document is built once for each list of
 * scopes: an adapter gives the same list until the routes of its app change.
 */
export function createDocumentAnswer({ path, document }: ResourceMetadata): AnswerDocument {
  const overTls = new WeakMap<readonly string[], Answer>()
  const overPlain = new WeakMap<readonly string[], Answer>()

  return function answerDocument(view, scopes) {
    if (view.target !== path) return undefined
    if (view.method === 'OPTIONS') return isPreflight(view) ? preflightAnswer : undefined
    if (view.method !== 'GET' && view.method !== 'HEAD') return undefined
    const list = scopes()
    const isPlain = view.peer?.encrypted === false
    const made = isPlain ? overPlain : overTls
    const body = () => JSON.stringify(document(list, isPlain))
    const known = made.get(list) ?? { status: 200, headers: documentHeaders, body: body() }
    made.set(list, known)
    return known
  }
}

/** What `resourceMetadata` does at every door. Throws OptionsError for a verifier that has no document. */
export function createResourceMetadata(verifier: Verifier): AnswerDocument {
  const metadata = (verifier as Partial<Verifier> | undefined)?.metadata
  if (metadata === undefined) {
    const message = 'must be a verifier whose option `metadata` is not false'
    throw new OptionsError([{ path: 'verifier', message }])
  }
  metadata.declareServed('resourceMetadata')
  return createDocumentAnswer(metadata)
}

function isPreflight(view: RequestView): boolean {
  return view.header('access-control-request-method').length > 0
}

const anyOrigin = ['Access-Control-Allow-Origin', '*'] as const

const documentHeaders: HeaderList = [['Content-Type', 'application/json'], ['Cache-Control', 'max-age=3600'], anyOrigin]

/** Fetch §3.3.3: the request has no credentials, so `*` allows every field, such as `MCP-Protocol-Version`. */
const preflightAnswer: Answer = {
  status: 204,
  headers: [
    anyOrigin,
    ['Access-Control-Allow-Methods', 'GET, HEAD'],
    ['Access-Control-Allow-Headers', '*'],
    ['Access-Control-Max-Age', '3600'],
  ],
  body: '',
}
