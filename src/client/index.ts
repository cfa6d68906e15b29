export type {
  DpopFetchOptions,
  MaybeToken,
  RemoteKey,
  SigningKeyPair,
  StepUpChallenge,
} from '../types/client-options.ts'
export { dpopFetch } from './dpop-fetch.ts'
