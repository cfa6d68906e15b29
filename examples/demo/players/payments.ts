import { createVerifier } from 'onbehalf'
import { createPaymentsApi } from '../../chain/payments.ts'
import { playService } from '../service.ts'

await playService({}, ({ options, tell }) => createPaymentsApi(createVerifier(options), tell))
