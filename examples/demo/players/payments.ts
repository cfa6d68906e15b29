import { createPaymentsApi } from '../../chain/payments.ts'
import { playService } from '../service.ts'

await playService('', ({ verifier, tell }) => createPaymentsApi(verifier, tell))
