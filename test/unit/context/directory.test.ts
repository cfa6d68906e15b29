import { type AgentContext, type Directory, type Party, partyKey, type Verdict, type Verifier } from 'onbehalf'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createDirectory } from '../../../src/context/directory.ts'
import { memorySink } from '../../support/audit.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { contextIn, outcomeOf } from '../../support/kit.ts'

/** What the directory says of a party: who it is, and whether it is disabled. */

let forge: Forge
beforeAll(async () => {
  forge = await createForge()
})
afterEach(() => {
  vi.useRealTimers()
})

type Answer = Awaited<ReturnType<Directory>>

const planner = { sub: 'planner-2', sub_profile: 'ai_agent' }
const delegated = { act: { sub: 'travel-7', sub_profile: 'ai_agent', act: planner } }

interface Rig {
  readonly verifier: Verifier
  /** Who was asked about, in order. */
  readonly asked: Party[]
  /** What the next questions are answered; a function may throw or give a promise. */
  answers: Record<string, Answer | (() => unknown)>
  check(claims?: object): Promise<Verdict>
  code(claims?: object): Promise<string>
  /** A verdict without waiting; undefined where something has to be awaited. */
  codeNow(claims?: object): Promise<string | undefined>
}

/** One token per set of claims, so that it is cached. */
function rigWith(answers: Rig['answers'] = {}, more: { requireOwner?: boolean; hookTimeoutMs?: number } = {}): Rig {
  const { hookTimeoutMs, ...delegation } = more
  const asked: Party[] = []
  const tokens = new Map<string, string>()
  const tokenOf = (claims: object) => {
    const name = JSON.stringify(claims)
    const token = tokens.get(name) ?? forge.token({ ...claims })
    tokens.set(name, token)
    return token
  }
  const rig: Rig = {
    asked,
    answers,
    verifier: forge.verifierWith({
      ...(hookTimeoutMs === undefined ? {} : { hookTimeoutMs }),
      delegation: {
        ...delegation,
        directory(party) {
          asked.push(party)
          const answer = rig.answers[party.subject]
          return (typeof answer === 'function' ? answer() : answer) as Answer
        },
      },
    }),
    check: async (claims = delegated) => forge.call({ verifier: rig.verifier, token: tokenOf(claims) }),
    code: async (claims) => outcomeOf(await rig.check(claims)),
    async codeNow(claims = delegated) {
      const verdict = rig.verifier.checkNow(await forge.request({ token: tokenOf(claims) }))
      return verdict instanceof Promise ? undefined : outcomeOf(verdict)
    },
  }
  return rig
}

const subjectsOf = (parties: readonly Party[]) => parties.map(({ subject }) => subject)
const boom = () => {
  throw new Error('down')
}

describe('what it says of a party', () => {
  test('Context: the directory describes principal and actor, and is asked about the whole chain', async () => {
    const rig = rigWith({ alice: { governance: 'eu' }, 'travel-7': { owner: 'ops' }, 'planner-2': { owner: 'lab' } })
    const { principal, actor, delegation } = contextIn(await rig.check())
    expect(subjectsOf(rig.asked)).toEqual(['alice', 'travel-7', 'planner-2'])
    expect([{ ...principal.entity }, { ...actor.entity }]).toEqual([{ governance: 'eu' }, { owner: 'ops' }])
    expect(delegation?.chain[0]).toBe(actor)
    expect(delegation?.chain[1]).not.toHaveProperty('entity')
    for (const object of [principal, actor, actor.entity, delegation, delegation?.chain]) {
      expect(Object.isFrozen(object)).toBe(true)
    }
  })

  test('Context: where the token names no actor, principal and actor are one object with one entity', async () => {
    const rig = rigWith({ alice: { owner: 'hr' } })
    const { principal, actor } = contextIn(await rig.check({}))
    expect(actor).toBe(principal)
    expect({ ...actor.entity }).toEqual({ owner: 'hr' })
    expect(subjectsOf(rig.asked)).toEqual(['alice'])
  })

  test('Context: a party that the directory does not know is as the token says', async () => {
    const rig = rigWith()
    const { principal, actor } = contextIn(await rig.check())
    expect([principal, actor].some((party) => 'entity' in party)).toBe(false)
    expect(await rigWith({ 'travel-7': {} }).code()).toBe('admitted')
  })

  test('Context: of an answer only members that fit are taken', async () => {
    const answer = { owner: 'x'.repeat(257), model: 'm', other: 1 } as Answer
    const { actor } = contextIn(await rigWith({ 'travel-7': answer }).check())
    expect({ ...actor.entity }).toEqual({ model: 'm' })
  })

  test('Context: audit events carry the parties as in the context, the actor in the chain as well', async () => {
    const sink = memorySink()
    const verifier = forge.verifierWith({ audit: sink, delegation: { directory: () => ({ owner: 'ops' }) } })
    const context = contextIn(await forge.call({ verifier, token: forge.token(delegated) }))
    await verifier.authorize(context, { scopes: ['admin'] })
    expect(sink.events).toHaveLength(2)
    for (const { principal, actor, chain } of sink.events) {
      expect([principal, actor, chain[0]]).toEqual([context.principal, context.actor, context.actor])
      expect(chain[1]).not.toHaveProperty('entity')
    }
  })
})

describe('a disabled party', () => {
  test.each<[string, string, object]>([
    ['the principal', 'alice', delegated],
    ['the actor', 'travel-7', delegated],
    ['an earlier actor', 'planner-2', delegated],
    ['an actor behind a self-act', 'planner-2', { act: { sub: 'alice', act: planner } }],
    ['a principal that acts for itself', 'alice', {}],
  ])(
    'AUD-05: a token that names %s is revoked, and a cached one as soon as the directory is asked again',
    async (_, subject, claims) => {
      const rig = rigWith()
      expect(await rig.code(claims)).toBe('admitted')
      rig.answers[subject] = { disabled: true }
      forge.clock.advance(24)
      expect(await rig.code(claims)).toBe('token_revoked')
      expect(await rigWith({ [subject]: { disabled: true } }).code(claims)).toBe('token_revoked')
    },
  )

  test('Context: disabled goes before an outage, and an outage before a missing owner', async () => {
    const rule = { requireOwner: true }
    expect(await rigWith({ alice: boom, 'travel-7': { disabled: true } }, rule).code()).toBe('token_revoked')
    expect(await rigWith({ alice: boom }, rule).code()).toBe('directory_unavailable')
  })

  test('Context: disabled counts where an instance of a class inherits it', async () => {
    class Row {
      get disabled() {
        return true
      }
    }
    expect(await rigWith({ 'travel-7': new Row() as Answer }).code()).toBe('token_revoked')
  })

  test('AUD-05: a party that is enabled again is admitted once the answer has aged', async () => {
    const rig = rigWith({ 'travel-7': { disabled: true } })
    expect(await rig.code()).toBe('token_revoked')
    rig.answers = {}
    expect(await rig.code()).toBe('token_revoked')
    forge.clock.advance(30)
    expect(await rig.code()).toBe('admitted')
  })
})

describe('a directory that cannot tell', () => {
  test.each<[string, () => unknown]>([
    ['throws', boom],
    ['rejects', async () => boom()],
    ['answers null', () => null],
    ['answers true', () => true],
    ['answers a string', () => 'disabled'],
    ['answers a list', () => ['ops']],
    ['answers a function', () => boom],
    ['answers disabled: false', () => ({ disabled: false })],
    ['answers disabled: 1', async () => ({ disabled: 1, owner: 'ops' })],
    ['answers with a getter that throws', () => Object.defineProperty({}, 'owner', { get: boom, enumerable: true })],
    ['answers a promise of null', async () => null],
  ])('P41: a directory that %s is directory_unavailable, a 503 without a challenge', async (_, answer) => {
    const rig = rigWith({ 'travel-7': answer })
    const verdict = await rig.check()
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'directory_unavailable', status: 503, error: null } })
    // An outage is not remembered.
    rig.answers = {}
    expect(await rig.code()).toBe('admitted')
  })

  test('P41: silence is directory_unavailable after hookTimeoutMs, and a late answer changes nothing', async () => {
    let answerLate = (_answer: Answer) => {}
    const late = new Promise<Answer>((resolve) => {
      answerLate = resolve
    })
    const rig = rigWith({ 'travel-7': () => late }, { hookTimeoutMs: 50 })
    const view = await forge.request({ token: forge.token(delegated) })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const verdict = rig.verifier.check(view)
    await vi.advanceTimersByTimeAsync(60)
    expect(outcomeOf(await verdict)).toBe('directory_unavailable')
    rig.answers = { 'travel-7': boom }
    answerLate({ owner: 'late' })
    expect(await rig.code()).toBe('directory_unavailable')
  })
})

describe('how often it is asked', () => {
  test('Context: once per party and 24 seconds, also by different tokens, and a warm verdict waits for nothing', async () => {
    const rig = rigWith({ alice: async () => ({ owner: 'hr' }), 'travel-7': async () => ({ owner: 'ops' }) })
    expect(await rig.code()).toBe('admitted')
    forge.clock.advance(23.999)
    expect(await rig.codeNow()).toBe('admitted')
    expect(await rig.codeNow({ ...delegated, scope: 'other' })).toBe('admitted')
    expect(rig.asked).toHaveLength(3)
    forge.clock.advance(0.001)
    expect(await rig.codeNow()).toBe('admitted')
    expect(await rig.codeNow()).toBe('admitted')
    expect(rig.asked).toHaveLength(6)
    // The answer of the background counts from when it was asked for.
    forge.clock.advance(23.999)
    expect(await rig.codeNow()).toBe('admitted')
    expect(rig.asked).toHaveLength(6)
  })

  test('Context: an answer of 30 seconds counts no more, and the request waits for the next one', async () => {
    const rig = rigWith({ 'travel-7': async () => ({ owner: 'ops' }) })
    expect(await rig.code({ act: { sub: 'travel-7' } })).toBe('admitted')
    forge.clock.advance(30)
    expect(await rig.codeNow({ act: { sub: 'travel-7' } })).toBeUndefined()
    expect(await rig.code({ act: { sub: 'travel-7' } })).toBe('admitted')
    expect(rig.asked).toHaveLength(4)
  })

  test('Context: requests that come while it is asked share one question', async () => {
    let answer = (_answer: Answer) => {}
    const promise = new Promise<Answer>((resolve) => {
      answer = resolve
    })
    const rig = rigWith({ 'travel-7': () => promise })
    const codes = Promise.all([rig.code(), rig.code(), rig.code({ ...delegated, scope: 'other' })])
    await vi.waitFor(() => expect(rig.asked.length).toBeGreaterThan(2))
    answer({ owner: 'ops' })
    expect(await codes).toEqual(['admitted', 'admitted', 'admitted'])
    expect(subjectsOf(rig.asked)).toEqual(['alice', 'travel-7', 'planner-2'])
  })

  test('Context: while it fails in the background the old answer counts to its end, and it is asked again after a second', async () => {
    const rig = rigWith({ 'travel-7': async () => ({ owner: 'ops' }) })
    expect(await rig.code()).toBe('admitted')
    rig.answers = { 'travel-7': async () => boom() }
    forge.clock.advance(24)
    const timesAsked = () => rig.asked.filter(({ subject }) => subject === 'travel-7').length
    const context = contextIn(await rig.check())
    await vi.waitFor(async () => expect([await rig.codeNow(), timesAsked()]).toEqual(['admitted', 2]))
    forge.clock.advance(1)
    expect(await rig.codeNow()).toBe('admitted')
    expect(timesAsked()).toBe(3)
    forge.clock.advance(4.999)
    expect(contextIn(await rig.check())).toBe(context)
    forge.clock.advance(0.001)
    expect(await rig.code()).toBe('directory_unavailable')
    rig.answers = {}
    expect(await rig.code()).toBe('admitted')
  })

  test('Context: a wall clock set back or ahead changes nothing', async () => {
    const rig = rigWith({ 'travel-7': { owner: 'ops' } })
    expect(await rig.code({ act: { sub: 'travel-7' } })).toBe('admitted')
    forge.clock.step(120)
    expect(await rig.code({ act: { sub: 'travel-7' } })).toBe('admitted')
    forge.clock.step(-120)
    expect(rig.asked).toHaveLength(2)
  })

  test('Context: answers about 10 000 parties are kept; the one unused longest goes', () => {
    const asked: string[] = []
    const cache = createDirectory(({ subject }) => void asked.push(subject), forge.clock, 1_000)
    const party = (subject: number): Party => ({
      subject: `agent-${subject}`,
      issuer: null,
      assertedBy: forge.trust.issuer,
      kind: 'agent',
      kindSource: 'profile',
      profiles: [],
    })
    for (let subject = 0; subject < 10_000; subject++) void cache.ask([party(subject)])
    void cache.ask([party(0)])
    expect(asked).toHaveLength(10_000)
    void cache.ask([party(10_000)])
    void cache.ask([party(0)])
    expect(asked).toHaveLength(10_001)
    void cache.ask([party(1)])
    expect(asked.at(-1)).toBe('agent-1')
  })

  test('Context: the directory is not shown what the token says of the party beside its name', () => {
    const shown: Party[] = []
    const cache = createDirectory((party) => void shown.push(party), forge.clock, 1_000)
    const party = {
      subject: 'a',
      issuer: null,
      assertedBy: 'b',
      kind: 'agent',
      kindSource: 'none',
      profiles: [],
    } as const
    void cache.ask([{ ...party, entity: { instance: '1' } }])
    void cache.ask([{ ...party, entity: { instance: '2' } }])
    expect(shown.map((one) => ({ ...one }))).toEqual([party])
  })

  test('Context: an answer is about one party as the directory was shown it', async () => {
    const rig = rigWith()
    const acts = [
      { sub: 'travel-7' },
      { sub: 'travel-7', iss: forge.trust.issuer },
      { sub: 'travel-7', sub_profile: 'ai_agent' },
      { sub: 'travel-7', client_id: 'web' },
      { sub: 'travel-7', client_id: 'travel-7' },
    ]
    for (const act of acts) await rig.code({ act })
    const shown = rig.asked.filter(({ subject }) => subject === 'travel-7')
    expect(shown).toHaveLength(acts.length)
    for (const act of acts) await rig.code({ act, scope: 'other' })
    expect(rig.asked).toHaveLength(acts.length + 1)
    expect(new Set(shown.map(partyKey)).size).toBeGreaterThan(2)
  })
})

describe('the context', () => {
  test('Context: the same answer, asked for anew, leaves the same object', async () => {
    const rig = rigWith({ 'travel-7': () => ({ owner: 'ops', capabilities: ['pay'] }) })
    const first = contextIn(await rig.check())
    forge.clock.advance(24)
    expect(contextIn(await rig.check())).toBe(first)
    expect(contextIn(await rig.check())).toBe(first)
    expect(rig.asked).toHaveLength(6)
  })

  test('Context: a changed answer makes a new one, and the old one stays as it was and is still known', async () => {
    const rig = rigWith({ 'travel-7': { owner: 'ops' } })
    const first = contextIn(await rig.check())
    rig.answers = { 'travel-7': { owner: 'lab' } }
    forge.clock.advance(24)
    const second = contextIn(await rig.check())
    expect(second).not.toBe(first)
    expect([first, second].map(({ actor }) => actor.entity?.owner)).toEqual(['ops', 'lab'])
    expect(second.principal).toBe(first.principal)
    expect((await rig.verifier.authorize(first, {})).ok).toBe(true)
    const leases = [first, second].map((context: AgentContext) => rig.verifier.lease(context))
    expect(leases[0]).toBe(leases[1])
    expect(leases[0]?.aborted).toBe(false)
    rig.answers = {}
    forge.clock.advance(24)
    expect(contextIn(await rig.check()).actor).not.toHaveProperty('entity')
    await rig.verifier.close()
  })
})

describe('what happens while a request waits', () => {
  test('AUD-05: an actor that is disabled meanwhile is refused', async () => {
    let disabled = false
    const where = () => {
      disabled = true
      forge.clock.advance(24)
      // Another request brings the newer answer.
      return forge.call({ verifier: other, token: forge.token(delegated) }).then(() => true)
    }
    let isFirst = true
    const other: Verifier = forge.verifierWith({
      delegation: { directory: ({ subject }) => (disabled && subject === 'travel-7' ? { disabled: true } : undefined) },
      access: {
        where: () => {
          if (!isFirst) return true
          isFirst = false
          return where()
        },
      },
    })
    expect(outcomeOf(await forge.call({ verifier: other, token: forge.token(delegated) }))).toBe('token_revoked')
  })

  test('Context: an answer that grows old meanwhile still counts, and nothing is asked', async () => {
    let asked = 0
    const verifier = forge.verifierWith({
      delegation: {
        directory() {
          asked++
          return { owner: 'ops' }
        },
      },
      access: {
        async where() {
          forge.clock.advance(31)
          return true
        },
      },
    })
    expect(outcomeOf(await forge.call({ verifier, token: forge.token(delegated) }))).toBe('admitted')
    expect(asked).toBe(3)
  })
})
