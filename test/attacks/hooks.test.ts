import request from 'supertest'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AccessRequirement, ReplayStore, RevocationSource, VerifierOptions } from '../../src/index.ts'
import { fakeCertificate } from '../support/bytes.ts'
import { createApi } from '../support/express.ts'
import type { Outcome } from '../support/kit.ts'
import { coldAndWarm, createStage, type Stage } from './stage.ts'

/** Ways in which foreign code fails; each fits any signature. */
const failures: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('secret of the store')
  },
  'throws nothing': () => {
    throw undefined
  },
  rejects: () => Promise.reject(new Error('secret of the store')),
  hangs: () => new Promise(() => {}),
  'answers nothing': () => undefined,
  'answers null': () => null,
  'answers 0': () => 0,
  'answers an empty text': () => '',
  'answers an object': () => ({}),
  'answers OK': () => 'OK',
  'resolves to nothing': async () => undefined,
  'resolves to an object': async () => ({ fresh: true }),
  'answers a broken thenable': () => ({
    // biome-ignore lint/suspicious/noThenProperty: promises of other libraries
    then(_yes: unknown, no: (error: Error) => void) {
      no(new Error('secret of the store'))
    },
  }),
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Moves the fake timers past the deadline of a silent hook, repeatedly, since keys and signatures take real time. */
async function settled<T>(pending: Promise<T>): Promise<T> {
  let isDone = false
  const finished = pending.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await vi.advanceTimersByTimeAsync(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return finished
}

/** Works while the stage warms up, and fails from then on. */
function failingLater(good: unknown, fail: () => unknown): { hook: () => unknown; begin: () => void } {
  let isFailing = false
  return {
    hook: () => (isFailing ? fail() : good),
    begin: () => {
      isFailing = true
    },
  }
}

function sinks(hook: () => unknown): Partial<Record<string, Partial<VerifierOptions>>> {
  return {
    replay_unavailable: { dpop: { replay: { add: hook } as ReplayStore } },
    revocation_unavailable: { revocation: { isRevoked: hook } as RevocationSource },
  }
}

describe('stores', () => {
  for (const [name, fail] of Object.entries(failures)) {
    for (const [code, good] of [
      ['replay_unavailable', 'fresh'],
      ['revocation_unavailable', false],
    ] as const) {
      for (const start of ['cold', 'warm'] as const) {
        test(`P41: a source that ${name} is ${code} (${start})`, async () => {
          const { hook, begin } = failingLater(good, fail)
          const stage = await createStage(start, sinks(hook)[code])
          const token = await stage.token()
          await stage.warmUp({ token })
          begin()
          const verdict = await settled(stage.verifier.check(await stage.request({ token })))
          if (verdict.ok) throw new Error('admitted')
          expect([verdict.refusal.code, verdict.refusal.status]).toEqual([code, 503])
          expect(JSON.stringify([verdict.refusal.headers, verdict.refusal.body])).not.toContain('secret')
        })
      }
    }
  }

  for (const name of ['throws', 'throws nothing', 'rejects', 'hangs', 'answers a broken thenable']) {
    test(`P41: a required audit sink that ${name} refuses`, async () => {
      const write = failures[name] as () => undefined
      const stage = await createStage('cold', { audit: { sink: { write }, required: true } })
      expect(await settled(stage.request().then(stage.judge))).toBe('audit_unavailable')
    })

    test(`P41: any other audit sink that ${name} changes nothing`, async () => {
      const stage = await createStage('cold', { audit: { write: failures[name] as () => undefined } })
      for (let time = 0; time < 3; time++) {
        expect(await stage.code()).toBe('admitted')
      }
    })
  }
})

const rules: Readonly<Record<string, (rule: () => never) => AccessRequirement>> = {
  actor: (actor) => ({ actor }),
  principal: (principal) => ({ principal }),
  pair: (pair) => ({ pair }),
  where: (where) => ({ where }),
  'where with a name': (where) => ({ where: { name: 'rule', test: where } }),
  details: (allows) => ({ details: { type: 'payment', allows } }),
}

describe('rules', () => {
  for (const [name, fail] of Object.entries(failures)) {
    for (const [title, requirementFor] of Object.entries(rules)) {
      test(`P41: a rule that ${name} is policy_unavailable: ${title}`, async () => {
        const access = requirementFor(fail as () => never)
        const claims = { authorization_details: [{ type: 'payment' }] }
        const floor = await createStage('cold', { access })
        const request = await floor.request({ token: await floor.token({ claims }) })
        expect(await settled<Outcome>(floor.judge(request))).toBe('policy_unavailable')
        const stage = await createStage('cold')
        const context = await stage.verifier.verify(await stage.request({ token: { claims } }))
        const decision = await settled(stage.verifier.authorize(context, access))
        if (decision.ok) throw new Error('allowed')
        expect([decision.refusal.code, decision.refusal.status]).toEqual(['policy_unavailable', 503])
        expect(JSON.stringify([decision.refusal.headers, decision.refusal.body])).not.toContain('secret')
      })
    }
  }
})

describe('rejections', () => {
  /** Node ends the process on an unhandled rejection. */
  async function unhandledDuring(act: () => Promise<unknown>): Promise<unknown[]> {
    const unhandled: unknown[] = []
    const listen = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', listen)
    try {
      await act()
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.off('unhandledRejection', listen)
    }
    return unhandled
  }

  for (const [title, requirementFor] of Object.entries(rules)) {
    test(`P41: a rule that rejects refuses and leaves no unhandled rejection: ${title}`, async () => {
      const access = requirementFor(failures['rejects'] as () => never)
      const stage = await createStage('cold', { access })
      const token = await stage.token({ claims: { authorization_details: [{ type: 'payment' }] } })
      expect(await unhandledDuring(async () => stage.code({ token }))).toEqual([])
    })
  }

  test('P41: an onRefusal that rejects leaves no unhandled rejection', async () => {
    vi.useRealTimers()
    const { verifier } = await createStage('cold')
    const api = createApi(verifier, { onRefusal: failures['rejects'] as () => undefined })
    expect(await unhandledDuring(async () => request(api).get('/tools'))).toEqual([])
  })
})

describe('hosts', () => {
  coldAndWarm('P§1.7: a host that fails to name the certificate has none', async (stage: Stage) => {
    const { der, thumbprint } = fakeCertificate('travel-7')
    const token = await stage.token({ claims: { cnf: { 'x5t#S256': thumbprint } } })
    await stage.warmUp({ token, scheme: 'Bearer', certificate: der })
    const view = await stage.request({ token, scheme: 'Bearer' })
    for (const certificate of [failures['throws'], failures['answers nothing'], () => new Uint8Array()]) {
      const peer = { certificate: certificate as () => Uint8Array | undefined }
      expect(await stage.judge({ ...view, peer })).toBe('certificate_missing')
    }
  })

  for (const [name, fail] of Object.entries(failures)) {
    if (name === 'hangs') continue
    test(`P41: an onRefusal that ${name} cannot admit`, async () => {
      vi.useRealTimers()
      const { verifier } = await createStage('cold')
      const response = await request(createApi(verifier, { onRefusal: fail as () => undefined })).get('/tools')
      expect(response.status).toBe(401)
      expect(response.headers).toHaveProperty('www-authenticate')
    })
  }
})
