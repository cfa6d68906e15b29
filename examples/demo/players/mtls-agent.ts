import { createTestCertificate } from 'onbehalf/testing'
import { createMtlsAgent } from '../../agents/mtls-agent.ts'
import { agentCommands } from '../agent-commands.ts'
import { introduceCertificate } from '../keys.ts'
import type { AgentCommands, ClientSettings } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

const { id, issuer, trust } = readSettings<ClientSettings>()
const own = await createTestCertificate({ commonName: id })
const agent = await createMtlsAgent({ id, issuer, identity: { key: own.key, cert: own.certificate, ca: trust } })

serve({ introduce: async () => introduceCertificate(own), ...agentCommands(agent) } satisfies AgentCommands)
