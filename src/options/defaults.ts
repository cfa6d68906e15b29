import type { CustomCertificateHeader } from '../types/mtls-options.ts'
import type { Algorithm, ReportableCheck } from '../types/options.ts'

/** Every default and bound, once and as data: readers, `describe()`, comments and documents go by it. */

/** Whole numbers; `issuer.` stands for each issuer. */
export const numbers = {
  'token.clockToleranceSeconds': { default: 5, least: 0, most: 300 },
  'token.maxBytes': { default: 8_192, least: 256, most: 1_048_576 },
  'delegation.maxDepth': { default: 5, least: 1, most: 100 },
  'cache.tokens': { default: 10_000, least: 1, most: 10_000_000 },
  'cache.tokenSeconds': { default: 60, least: 0, most: 3_600 },
  'cache.proofKeys': { default: 10_000, least: 1, most: 10_000_000 },
  /** FAPI 2.0 requires up to 10 s ahead to be accepted, and more than 60 s to be refused. */
  'dpop.maxAgeSeconds': { default: 60, least: 1, most: 3_600 },
  'dpop.futureSeconds': { default: 10, least: 0, most: 3_600 },
  'dpop.maxBytes': { default: 4_096, least: 256, most: 1_048_576 },
  'dpop.nonce.seconds': { default: 300, least: 10, most: 86_400 },
  'issuer.maxTokenSeconds': { default: 300, least: 1, most: 31_536_000 },
  'issuer.keys.freshSeconds': { default: 600, least: 1, most: 86_400 },
  'issuer.keys.staleSeconds': { default: 3_600, least: 0, most: 604_800 },
  'issuer.keys.timeoutMs': { default: 5_000, least: 1, most: 60_000 },
  'issuer.introspection.cacheSeconds': { default: 30, least: 0, most: 3_600 },
  'issuerResolver.max': { default: 1_000, least: 1, most: 100_000 },
  'issuerResolver.freshSeconds': { default: 300, least: 1, most: 86_400 },
  hookTimeoutMs: { default: 1_000, least: 1, most: 60_000 },
  'close.timeoutMs': { default: 5_000, least: 0, most: 600_000 },
  'memoryReplayStore.capacity': { default: 1_000_000, least: 1, most: 16_000_000 },
  'redisReplayStore.timeoutMs': { default: 250, least: 1, most: 60_000 },
  'redisReplayStore.breaker.failures': { default: 5, least: 1, most: 1_000 },
  'redisReplayStore.breaker.openMs': { default: 1_000, least: 1, most: 60_000 },
  'memoryRevocations.maxEntries': { default: 1_000_000, least: 1, most: 1_000_000 },
  'redisRevocations.maxStaleSeconds': { default: 30, least: 5, most: 3_600 },
  'redisRevocations.maxEntries': { default: 1_000_000, least: 1, most: 1_000_000 },
  'agentReport.maxParties': { default: 10_000, least: 100, most: 100_000 },
  'auditLog.checkpoint.everyEvents': { default: 1_000, least: 1, most: 1_000_000 },
  'auditLog.checkpoint.everySeconds': { default: 1, least: 1, most: 3_600 },
  'auditLog.maxFileBytes': { default: 134_217_728, least: 65_536, most: 1_099_511_627_776 },
} as const

export type NumberName = keyof typeof numbers

/** Whole numbers without a default: absent means that the rule does not apply. */
export const ranges = {
  'access.maxDepth': { least: 0, most: 100 },
  'access.maxAuthAgeSeconds': { least: 0, most: 31_536_000 },
  'redisReplayStore.wait.replicas': { least: 1, most: 100 },
  'redisReplayStore.wait.ms': { least: 1, most: 60_000 },
  /** At the most, so that milliseconds are found out. */
  'revocation.issuedBefore': { least: 1, most: 99_999_999_999 },
} as const

/** A share of the whole: above 0. */
export const shares = {
  'memoryReplayStore.quota': { default: 0.1, most: 1 },
} as const

export const choices = {
  'dpop.nonce.mode': { default: 'required', allowed: ['required', 'on-skew'] },
  'dpop.htu': { default: 'rfc9449', allowed: ['rfc9449', 'strict'] },
  'dpop.offload': { default: 'adaptive', allowed: ['never', 'adaptive', 'always'] },
  'issuer.dialect': {
    default: 'rfc9068',
    allowed: [
      'rfc9068',
      'actor-profile',
      'auth0',
      'okta',
      'entra',
      'keycloak',
      'zitadel',
      'wso2',
      'workos',
      'workos-agents',
      'zeroid',
      'scalekit',
      'stytch',
      'cognito',
      'fusionauth',
      'aap',
    ],
  },
  'issuer.actorIssuers': { default: 'own', allowed: ['own', 'any', false] },
  'issuer.actorClaims': { default: 'sub', allowed: ['sub', 'sub-or-client_id'] },
  'issuer.dpopSchemeForMtls': { default: false, allowed: [true, false] },
  'issuer.introspection.for': { default: 'opaque', allowed: ['opaque', 'all'] },
  'issuer.introspection.signed': { default: false, allowed: [true, false] },
  'mtls.certificate': { default: 'socket', allowed: ['socket'] },
  'mtls.certificate.header.chain': { default: 'refuse', allowed: ['refuse', 'leaf-first'] },
  'delegation.requireOwner': { default: false, allowed: [true, false] },
  problemCodes: { default: true, allowed: [true, false] },
} as const

/** What `reportOnly` may name. The type makes the compiler ask for a check that is missing. */
export const reportableChecks: Readonly<Record<ReportableCheck, true>> = {
  token_type: true,
  token_lifetime: true,
  token_audience: true,
  binding_missing: true,
  proof_expired: true,
  proof_not_active: true,
  delegation_too_deep: true,
  delegation_not_allowed: true,
  owner_missing: true,
}

/** `issuer.algorithms`: RFC 9068 §2.1 requires RS256. `dpop.algorithms`: RS256 only where the options name it. */
export const algorithms: Readonly<Record<'issuer.algorithms' | 'dpop.algorithms', readonly Algorithm[]>> = {
  'issuer.algorithms': ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
  'dpop.algorithms': ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256'],
}

/** What a `dpop.preset` puts in the place of the defaults. */
export const presets = {
  /** FAPI 2.0 Security Profile; it does not allow RS256. */
  fapi2: { maxAgeSeconds: 60, futureSeconds: 10, htu: 'rfc9449' },
  /** SEP-1932: five minutes either way. */
  mcp: { maxAgeSeconds: 300, futureSeconds: 300, htu: 'strict' },
} as const

/** The fields that proxies set, by the name that an option gives them. */
export const certificateHeaders: Readonly<Record<string, CertificateHeaderSetting>> = {
  'client-cert': { name: 'client-cert', format: 'rfc9440', chain: 'refuse' },
  'x-forwarded-client-cert': { name: 'x-forwarded-client-cert', format: 'xfcc', chain: 'refuse' },
  nginx: { name: 'ssl-client-cert', format: 'pem-urlencoded', chain: 'refuse' },
  alb: { name: 'x-amzn-mtls-clientcert-leaf', format: 'pem-urlencoded', chain: 'refuse' },
  'alb-passthrough': { name: 'x-amzn-mtls-clientcert', format: 'pem-urlencoded', chain: 'leaf-first' },
  traefik: { name: 'x-forwarded-tls-client-cert', format: 'der-base64', chain: 'leaf-first' },
}

interface CertificateHeaderSetting {
  readonly name: string
  readonly format: CustomCertificateHeader['format']
  readonly chain: 'refuse' | 'leaf-first'
}

/** Numbers that no option changes. */
export const fixed = {
  nonceSecretBytes: 32,
  /** The memory store forgets proofs in batches: an entry may stay this much longer than it must. */
  replayBatchSeconds: 10,
  /** Of the ends that the memory store has forgotten. */
  forgottenIntervals: 64,
  /** A longer value of a certificate header is refused. */
  certificateHeaderLength: 65_536,
  certificateHeaderSeparators: 6,
  /** Certificates whose form is known to be good, by their hash. */
  completeCertificates: 1_000,
  /** Signatures that wait for a thread; further ones are verified at once. */
  pendingSignatures: 64,
  /** A key whose encoded header is longer is imported for each proof. The longest usual one, of RSA 4 096, has 1 100 characters. */
  cachedProofHeader: 2_048,
  /** Requests whose refusal a required sink still has to hear of. */
  misledRequests: 1_000,
  /** So many forged signatures, each within this time of the one before, are a flood. */
  floodFailures: 8,
  floodMemoryMs: 1_000,
  /** In which a Redis store settles all its epochs. */
  redisStartMs: 5_000,
  /** A shared store keeps a proof this much longer, since the clocks of several processes differ. */
  sharedReplaySeconds: 5,
  /** At least this long lies between two fetches of one issuer's keys, or `freshSeconds` where that is shorter. */
  keyCoolDownSeconds: 30,
  /** After a failed fetch of keys the next one waits so long; the wait doubles with each failure, up to the cool-down. */
  keyRetrySeconds: 0.25,
  /** From this share of `freshSeconds` on, keys are fetched anew in the background. */
  keyRefreshShare: 0.8,
  keysPerIssuer: 100,
  /** Of one metadata document or one key set. */
  issuerResponseBytes: 524_288,
  /** Questions under way at one issuer's introspection endpoint; further ones are refused. */
  introspectionsInFlight: 32,
  /** Of one introspection answer. */
  introspectionResponseBytes: 65_536,
  /** Of an issuer that a resolver may be asked about, in characters. */
  resolvableIssuerLength: 512,
  /** Questions under way at all resolvers; further ones are refused. */
  resolutionsInFlight: 16,
  /** For so long an issuer that a resolver does not know is not asked about again. */
  unknownIssuerSeconds: 30,
  unknownIssuers: 1_000,
  /** From this share of `freshSeconds` on, a resolver is asked again in the background. */
  resolverRefreshShare: 0.8,
  /** After a failure a known issuer is asked about again no sooner. */
  resolverRetrySeconds: 1,
  /** Introspection answers that are remembered for each resolved issuer. */
  resolvedIssuerAnswers: 100,
  /** For so long a token that is not active is not asked about again. */
  inactiveSeconds: 5,
  inactiveTokens: 10_000,
  /** How long ago a signed introspection answer may have been made. */
  signedAnswerSeconds: 60,
  /** Life of a client assertion. */
  assertionSeconds: 60,
  /** An answer of the directory counts this long, from when it was asked for. */
  directoryAnswerSeconds: 30,
  /** From this share of that time on, it is asked for anew in the background. */
  directoryRefreshShare: 0.8,
  /** After a failure in the background the next question waits so long. */
  directoryRetryMs: 1_000,
  directoryParties: 10_000,
  /** Streams end within a second of their token. */
  leaseCheckMs: 500,
  /** So much later than now a token may be issued that a revocation without `issuedBefore` revokes. */
  revocationLeadSeconds: 5,
  /** So often a process asks Redis whether it has missed a revocation. Two questions and one reading are less than a second. */
  revocationBeatMs: 300,
  /** Of one question about shared revocations. */
  revocationAnswerMs: 5_000,
  /** Of the names in one shared revocation, in characters of JSON. */
  sharedRevocationLength: 16_384,
  /** Entries that are asked for at a time. */
  revocationsPerPage: 1_000,
  /** Entries that are written back at a time. */
  revocationsPerWrite: 100,
  /** Of which a client remembers the nonce and the time. */
  clientServers: 1_000,
  /** A client trusts no server that its clock differs by more. */
  clientClockOffsetSeconds: 300,
  /** Of a chain that `reportOnly` admits. */
  reportedActors: 64,
  /** Requests that are observed at a time; further ones are not judged. */
  observedAtOnce: 64,
  /** Of each sink. */
  pendingAuditEvents: 10_000,
  /** Of them, what is free for events whose token had no good signature. */
  unprovenAuditEvents: 5_000,
  auditTenants: 64,
  pseudonymKeyBytes: 32,
  /** Persons whose pseudonyms are remembered. */
  pseudonyms: 10_000,
  /** So long a line of the audit log may wait for others to be written with. */
  auditLogDelayMs: 50,
  /** After a failed write of the audit log the next one waits so long, unless a required record comes. */
  auditLogRetryMs: 1_000,
  /** Records that wait to be made into text; beyond, that is done at once. */
  auditLogRecords: 1_024,
  /** Text that waits for the disk, in characters. */
  auditLogWaiting: 16_777_216,
  /** Of that, what is free for events whose token had no good signature. */
  auditLogUnproven: 8_388_608,
  /** Of one write, in bytes; its last line may go beyond. */
  auditLogBatch: 262_144,
  /** Of one line, in characters for the writer and in bytes for the reader. A longer event is lost. */
  auditLogLine: 1_048_576,
  auditLogReadableLine: 4_194_304,
  auditLogFaults: 1_000,
  /** Of each metric. */
  metricSeries: 1_000,
} as const
