import type { AuditEvent } from '../types/audit.ts'
import type { Party } from '../types/context.ts'
import { HeavyHitters } from './heavy-hitters.ts'
import { boundedName } from './party-code.ts'

/** Clients that are counted one by one. */
const mostClients = 1_000

/** The client ids that `agentClients` would take, of callers of which it is not known what they are. */
export class UnknownClients {
  readonly #clients = new HeavyHitters(mostClients)

  count(event: AuditEvent, actor: Party): void {
    const client = registrableClient(event, actor)
    if (client === null) return
    // Joined, since a text that was cut out of a token keeps the whole token in memory.
    this.#clients.add([boundedName(event.issuerLabel), boundedName(client)].join('\u0000'))
  }

  /** Those that call most, each once. */
  largest(most: number): readonly string[] {
    const { names } = this.#clients
    const clients = this.#clients.largest(mostClients).map((slot) => (names[slot] as string).split('\u0000')[1] ?? '')
    return [...new Set(clients)].slice(0, most)
  }
}

/** An actor that the token names is registered by its own client id, not by that of the token. */
function registrableClient({ client, authority, warnings }: AuditEvent, { clientId, subject }: Party): string | null {
  // The client is registered, and its entry does not say for whom it acts.
  if (warnings.includes('agent_client_without_actor')) return null
  if (authority !== 'delegated') return client
  return clientId ?? (subject === client ? client : null)
}
