import { type CodeRequest, requestCode } from '../../agents/authorization-code.ts'
import { type DeviceCode, requestDeviceCode } from '../../agents/device-code.ts'
import { createDpopAgent } from '../../agents/dpop-agent.ts'
import { createSigningKey } from '../../agents/signing-key.ts'
import { agentCommands, tokenAnswer } from '../agent-commands.ts'
import { introduceKey } from '../keys.ts'
import type { ClientSettings, DpopAgentCommands } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

const { id, issuer } = readSettings<ClientSettings>()
const clientKey = await createSigningKey()
const agent = await createDpopAgent({ id, issuer, clientKey })
let device: DeviceCode
let code: CodeRequest
let stream: Response

serve({
  introduce: async () => introduceKey(clientKey),
  ...agentCommands(agent),
  async askForConsent(request) {
    device = await requestDeviceCode(agent, request)
    return { userCode: device.userCode, verificationUri: device.verificationUri }
  },
  consentedToken: () => tokenAnswer(device.token()),
  async askForCode(request) {
    code = requestCode(agent, { ...request, issuer, authorizationEndpoint: `${issuer}/auth` })
    return code.url
  },
  async openStream({ url, accessToken }) {
    stream = await agent.open(url, accessToken, AbortSignal.timeout(60_000))
    return { status: stream.status, body: null }
  },
  async awaitEndOfStream() {
    for await (const _ of stream.body ?? []);
    return null
  },
  redeemCode: ({ returned }) => tokenAnswer(code.redeem(new URL(returned))),
} satisfies DpopAgentCommands)
