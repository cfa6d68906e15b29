import { type Adapter, errors, type StoredModel } from 'oidc-provider'

/** What the issuer remembers. It outlives a rotation of keys, which starts a new server over the same storage. */
export interface Storage {
  /** The adapter of oidc-provider for one kind of model. */
  adapter(kind: string): Adapter
  /** The live models of one kind. */
  all(kind: string): readonly (readonly [id: string, model: StoredModel])[]
}

/** Far more than a demo needs, and a bound all the same. */
const maxModels = 100_000

/** RFC 8628 §3.5: an agent that asks too late hears `expired_token`. oidc-provider looks at the end itself. */
const afterlifeSeconds = 60

interface Kept {
  readonly model: StoredModel
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * Storage in memory, for one process. A full one refuses, because forgetting a used `jti` or a withdrawn grant would let it
 * be used again. In production this is a database. `onUsedTwice`: two requests at the same time had the same code.
 */
export function createStorage(now: () => number, onUsedTwice: (code: StoredModel) => Promise<void>): Storage {
  const kinds = new Map<string, Map<string, Kept>>()

  function modelsOf(kind: string): Map<string, Kept> {
    const models = kinds.get(kind) ?? new Map<string, Kept>()
    kinds.set(kind, models)
    return models
  }

  function find(kind: string, id: string): StoredModel | undefined {
    const kept = modelsOf(kind).get(id)
    return kept !== undefined && kept.until > now() ? kept.model : undefined
  }

  function all(kind: string): [string, StoredModel][] {
    return [...modelsOf(kind)].filter(([, { until }]) => until > now()).map(([id, { model }]) => [id, model])
  }

  function makeRoom(models: Map<string, Kept>): void {
    if (models.size < maxModels) return
    for (const [id, { until }] of models) if (until <= now()) models.delete(id)
    if (models.size >= maxModels) throw new Error('The storage of the issuer is full')
  }

  /** Where oidc-provider looks for a used `jti` before it notes it, two requests at the same time would both find none. */
  function reserve(models: Map<string, Kept>, id: string): undefined {
    makeRoom(models)
    const seconds = Math.floor(now() / 1_000)
    const model = { kind: 'ReplayDetection', jti: id, iat: seconds, exp: seconds + 600 }
    models.set(id, { model, until: model.exp * 1_000 })
  }

  function adapter(kind: string): Adapter {
    const models = modelsOf(kind)
    const findBy = async (member: 'uid' | 'userCode', value: string) =>
      all(kind).find(([, model]) => model[member] === value)?.[1]
    return {
      async upsert(id, model, expiresIn) {
        if (!models.has(id)) makeRoom(models)
        const seconds = (expiresIn ?? Number.POSITIVE_INFINITY) + (kind === 'DeviceCode' ? afterlifeSeconds : 0)
        models.set(id, { model, until: now() + seconds * 1_000 })
      },
      find: async (id) => find(kind, id) ?? (kind === 'ReplayDetection' ? reserve(models, id) : undefined),
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (userCode) => findBy('userCode', userCode),
      async consume(id) {
        const model = find(kind, id)
        // oidc-provider has looked before, and so has another request at the same time.
        if (model === undefined || model.consumed !== undefined) {
          // RFC 6749 §4.1.2: one of them may have been a thief, and it is not known which.
          if (model !== undefined) await onUsedTwice(model)
          throw new errors.InvalidGrant('it was used')
        }
        model.consumed = Math.floor(now() / 1_000)
      },
      async destroy(id) {
        models.delete(id)
      },
      async revokeByGrantId(grantId) {
        for (const [id, { model }] of models) if (model.grantId === grantId) models.delete(id)
      },
    }
  }

  return { adapter, all }
}
