/**
 * The requirements on a resource server that this package answers to, by the ids that test titles begin with: PRES
 * presentation (RFC 6750, RFC 9110 §11, RFC 9449 §7), DPOP proofs (RFC 9449), MTLS certificates (RFC 8705, RFC 9440),
 * AT access tokens (RFC 9068), JOSE hygiene (RFC 7515 to 7519, RFC 8725), ACT delegation (RFC 8693, actor profile).
 */
export interface ChecklistRow {
  readonly id: string
  readonly level: Level
  /** Why no test covers it yet; absent: covered. */
  readonly deferred?: string
}

/** The specification's word for a resource server (negated or not); `local`: a rule of this project alone. */
export type Level = 'must' | 'should' | 'may' | 'local'

interface Section {
  readonly name: string
  readonly rows: number
  readonly must: readonly number[]
  readonly should: readonly number[]
  readonly may: readonly number[]
}

const sections: readonly Section[] = [
  {
    name: 'PRES',
    rows: 20,
    must: [1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 16, 17],
    should: [4, 14, 15, 18, 19],
    may: [6],
  },
  {
    name: 'DPOP',
    rows: 39,
    must: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 19, 28, 29, 31, 34, 35, 38, 39],
    should: [11, 12, 20, 21, 22, 36, 37],
    may: [18, 27, 30, 32, 33],
  },
  {
    name: 'MTLS',
    rows: 20,
    must: [1, 2, 5, 7, 9, 10, 11, 18],
    should: [6, 8, 13],
    may: [12],
  },
  {
    name: 'AT',
    rows: 22,
    must: [1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 16, 17, 19],
    should: [10, 14, 15, 18, 20],
    may: [],
  },
  {
    name: 'JOSE',
    rows: 22,
    must: [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19],
    should: [14],
    may: [4],
  },
  {
    name: 'ACT',
    rows: 27,
    must: [1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 19, 20, 24, 25, 26, 27],
    should: [18, 23],
    may: [],
  },
]

const opaque = 'opaque tokens (RFC 7662 introspection) are not supported yet'
const proxies = 'certificate headers of TLS-terminating proxies are not read yet'

const deferred: Readonly<Record<string, string>> = {
  'DPOP-35': opaque,
  'MTLS-05': opaque,
  'MTLS-07': proxies,
  'MTLS-09': proxies,
  'MTLS-10': proxies,
  'MTLS-11': proxies,
  'MTLS-12': proxies,
  'MTLS-14': proxies,
  'MTLS-15': proxies,
  'MTLS-16': proxies,
  'MTLS-17': proxies,
  'ACT-06': 'the actor profile as a whole cannot be required yet: an act without iss is taken, with a warning',
  'ACT-19': opaque,
  'ACT-22': opaque,
  'ACT-27': 'transaction tokens and their req_wl are not supported yet',
}

export const checklist: readonly ChecklistRow[] = sections.flatMap((section) =>
  Array.from({ length: section.rows }, (_, index) => rowOf(section, index + 1)),
)

function rowOf(section: Section, number: number): ChecklistRow {
  const id = `${section.name}-${String(number).padStart(2, '0')}`
  const reason = deferred[id]
  return { id, level: levelOf(section, number), ...(reason === undefined ? {} : { deferred: reason }) }
}

function levelOf({ must, should, may }: Section, number: number): Level {
  if (must.includes(number)) return 'must'
  if (should.includes(number)) return 'should'
  return may.includes(number) ? 'may' : 'local'
}
