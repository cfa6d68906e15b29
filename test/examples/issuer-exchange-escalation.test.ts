import { expect, test } from 'vitest'
import { tokenOfPortal } from './issuer-code-flow.ts'
import {
  type Answer,
  actorTokenOf,
  ask,
  exchangeForm,
  type Form,
  outcome,
  type Parts,
  type Sender,
  sender,
  tokenIn,
} from './issuer-requests.ts'
import { apis, type Setup, setUp } from './issuer-setup.ts'

/** What the attack changes: everything else is the exchange of booker for agent-a, who acts for alice. */
interface Attack {
  readonly from?: Sender
  readonly subject?: string
  readonly actor?: string
  readonly resource?: string
  readonly scope?: string
  readonly more?: Form
  readonly parts?: Parts
}

interface Scene {
  readonly setup: Setup
  readonly agent: Sender
  readonly booker: Sender
  readonly tool: Sender
  /** Of agent-a, who acts for alice, for the API of booker. */
  readonly subject: string
}

async function createScene(): Promise<Scene> {
  const setup = await setUp()
  const [agent, booker, tool] = await Promise.all([
    sender(setup, 'agent-a'),
    sender(setup, 'booker'),
    sender(setup, 'tool'),
  ])
  const ofAlice = await setup.tokenOfAlice()
  const form = exchangeForm(ofAlice, await actorTokenOf(setup, agent), apis.booking)
  return { setup, agent, booker, tool, subject: tokenIn(await ask(setup, agent, form)) }
}

async function exchange({ setup, booker, subject }: Scene, attack: Attack): Promise<Answer> {
  const from = attack.from ?? booker
  const actor = attack.actor ?? (await actorTokenOf(setup, from))
  const form = exchangeForm(attack.subject ?? subject, actor, attack.resource ?? apis.tool, attack.scope)
  return ask(setup, from, { ...form, ...attack.more }, attack.parts)
}

const jwt = 'urn:ietf:params:oauth:token-type:jwt'
const idToken = 'urn:ietf:params:oauth:token-type:id_token'
const own = (setup: Setup, from: Sender, resource: string, scope: string) =>
  ask(setup, from, { grant_type: 'client_credentials', resource, scope }).then(tokenIn)

const invalid = '400 invalid_request'
const target = '400 invalid_target'
const wide = '400 invalid_scope'

const attacks: readonly [title: string, expected: string, make: (scene: Scene) => Promise<Attack> | Attack][] = [
  ['RFC 8693 §2.2.1: the good one', '200', () => ({})],
  ['RFC 8693 §2.2.1: the good one with a narrower scope', '200', () => ({ scope: 'pay' })],
  ['RFC 6749 §5.2: a scope that the subject token has not', wide, () => ({ scope: 'pay trip:read' })],
  ['RFC 6749 §5.2: a scope that the resource has not', wide, () => ({ scope: 'trip:book' })],
  ['RFC 6749 §5.2: a scope that does not exist', wide, () => ({ scope: 'pay everything' })],
  ['RFC 6749 §5.2: no scope in the list of scopes', wide, () => ({ scope: ' ' })],
  ['RFC 8693 §2.2.2: a resource out of reach', target, () => ({ resource: apis.payments })],
  ['RFC 8693 §2.2.2: a resource that is not known', target, () => ({ resource: 'https://other.example.test' })],
  ['RFC 8693 §2.2.2: the issuer as resource', target, ({ setup }) => ({ resource: setup.issuer })],
  ['RFC 8693 §2.2.2: no resource', target, () => ({ more: { resource: '' } })],
  ['RFC 8693 §2.2.2: several resources', target, () => ({ more: { resource: [apis.tool, apis.payments] } })],
  ['RFC 8693 §2.2.2: an audience', target, () => ({ more: { audience: 'tool' } })],
  [
    'RFC 8693 §2.2.2: a subject token for an API that is not the own one',
    invalid,
    async ({ setup }) => ({ subject: await setup.tokenOfAlice() }),
  ],
  ['RFC 8693 §2.2.2: no actor token', invalid, () => ({ more: { actor_token: '' } })],
  ['RFC 8693 §2.1: no type of the actor token', invalid, () => ({ more: { actor_token_type: '' } })],
  ['RFC 8693 §2.1: no type of the subject token', invalid, () => ({ more: { subject_token_type: '' } })],
  ['RFC 8693 §2.2.2: another type of subject token', invalid, () => ({ more: { subject_token_type: jwt } })],
  ['RFC 8693 §2.2.2: an ID token asked for', invalid, () => ({ more: { requested_token_type: idToken } })],
  [
    'RFC 8693 §2.2.2: the actor token of a stranger',
    invalid,
    async ({ setup, tool }) => ({ actor: await actorTokenOf(setup, tool) }),
  ],
  [
    'RFC 8693 §2.2.2: an actor token that is bound to another key',
    invalid,
    async ({ setup }) => ({ actor: await actorTokenOf(setup, await sender(setup, 'booker')) }),
  ],
  [
    'RFC 8693 §2.2.2: an actor token that an API has seen',
    invalid,
    async ({ setup, booker }) => ({ actor: await own(setup, booker, apis.tool, 'pay') }),
  ],
  [
    'RFC 8693 §2.2.2: an actor token that is delegated itself',
    invalid,
    async (scene) => ({ actor: tokenIn(await exchange(scene, {})) }),
  ],
  ['RFC 8693 §2.2.2: the subject token as actor token', invalid, ({ subject }) => ({ actor: subject })],
  ['RFC 8693 §2.2.2: garbage as subject token', invalid, () => ({ subject: 'a.b.c' })],
  [
    'RFC 8693 §2.2.2: a subject token with another end',
    invalid,
    ({ subject }) => ({ subject: `${subject.slice(0, subject.lastIndexOf('.'))}.${'A'.repeat(86)}` }),
  ],
  [
    'RFC 8693 §2.2.2: a subject token of another issuer',
    invalid,
    async () => ({ subject: (await createScene()).subject }),
  ],
  [
    'RFC 8693 §2.2.2: the own token as subject token',
    invalid,
    async ({ setup, booker }) => ({ subject: await own(setup, booker, apis.tool, 'pay') }),
  ],
  [
    'RFC 8693 §4.1: work of an agent whom the client does not follow',
    invalid,
    async ({ setup, tool }) => ({ subject: await own(setup, tool, apis.payments, 'pay') }),
  ],
  [
    'RFC 8693 §4.1: a client that follows others takes over from another',
    invalid,
    async ({ tool }) => ({ from: tool, resource: apis.payments }),
  ],
  ['RFC 9449 §5.2: no proof', '400 invalid_grant', () => ({ parts: { proof: null } })],
  [
    'RFC 6749 §5.2: a client without the grant type',
    '400 unauthorized_client',
    async ({ setup, agent }) => ({ from: await sender(setup, 'portal'), actor: await actorTokenOf(setup, agent) }),
  ],
]

test.each(attacks)('%s: %s', async (_title, expected, make) => {
  const scene = await createScene()
  expect(outcome(await exchange(scene, await make(scene)))).toBe(expected)
})

test('RFC 8693 §2.2.2: the chain has a greatest length, and the same agent goes on without a link more', async () => {
  const setup = await setUp({ maxDepth: 1 })
  const [agent, booker] = await Promise.all([sender(setup, 'agent-a'), sender(setup, 'booker')])
  const ofAlice = await setup.tokenOfAlice()
  const next = await ask(setup, agent, exchangeForm(ofAlice, await actorTokenOf(setup, agent), apis.booking))
  expect(outcome(next)).toBe('200')
  const form = exchangeForm(tokenIn(next), await actorTokenOf(setup, booker), apis.tool)
  expect(outcome(await ask(setup, booker, form))).toBe(invalid)
})

test('RFC 8693 §4.4: where the token says who may act, that agent may, and one that follows agents in general may not', async () => {
  const setup = await setUp()
  const [agent, auditor] = await Promise.all([sender(setup, 'agent-a'), setup.auditor()])
  const subject = await tokenOfPortal(setup)
  expect(outcome(await ask(setup, agent, exchangeForm(subject, await actorTokenOf(setup, agent), apis.booking)))).toBe(
    '200',
  )
  await expect(auditor.tokenOnBehalf(subject, { resource: apis.trips })).rejects.toMatchObject({
    status: 400,
    error: invalid.slice(4),
  })
})

test('RFC 8693 §2.2.2: the certificate of a client is a key as any other', async () => {
  const setup = await setUp()
  const auditor = await setup.auditor()
  const ofAlice = await setup.tokenOfAlice()
  await expect(auditor.tokenOnBehalf(ofAlice, { resource: apis.trips })).rejects.toMatchObject({
    status: 400,
    error: 'invalid_request',
  })
  const own = await auditor.ownToken({ resource: setup.issuer, scope: 'agent:act' })
  const booker = await sender(setup, 'booker')
  const form = exchangeForm(ofAlice, own.accessToken, apis.tool)
  expect(outcome(await ask(setup, booker, form))).toBe(invalid)
})
