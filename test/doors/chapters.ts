import { access } from './scenarios/access.ts'
import { credentials } from './scenarios/credentials.ts'
import { fields } from './scenarios/fields.ts'
import { guards } from './scenarios/guards.ts'
import { metadata } from './scenarios/metadata.ts'
import { methods } from './scenarios/methods.ts'
import { mounts } from './scenarios/mounts.ts'
import { nonces } from './scenarios/nonces.ts'
import { outages } from './scenarios/outages.ts'
import { proofRefusals } from './scenarios/proof-refusals.ts'
import { serverless } from './scenarios/serverless.ts'
import { targets } from './scenarios/targets.ts'
import { tokenRefusals } from './scenarios/token-refusals.ts'
import type { Chapter } from './table.ts'

/** The whole table. */
export const chapters: readonly Chapter[] = [
  ...[credentials, fields, targets, methods, ...mounts, serverless],
  ...[tokenRefusals, proofRefusals, nonces, access, ...outages],
  ...[...guards, ...metadata],
]
