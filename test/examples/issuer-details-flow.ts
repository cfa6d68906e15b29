/** Authorization details (RFC 9396) asked for with a device code, one step at a time. */
import { type Answer, ask, post, type Sender, withAssertion } from './issuer-requests.ts'
import { apis, type Setup } from './issuer-setup.ts'

/** The request of the agent; a refusal comes before a person is asked. */
export async function deviceCode({ issuer }: Setup, from: Sender, details: string): Promise<Answer> {
  const form = { resource: apis.trips, scope: 'trip:read pay', authorization_details: details }
  return post(issuer, '/device/auth', await withAssertion(issuer, from, form))
}

/** The same, and alice has consented. */
export async function allowed(setup: Setup, from: Sender, details: string): Promise<Answer> {
  const answer = await deviceCode(setup, from, details)
  await setup.alice.allowDevice(String(answer.body['verification_uri']), String(answer.body['user_code']))
  return answer
}

/** `details`: the part of them that the token is to carry; absent: all. */
export async function redeemDevice(setup: Setup, from: Sender, { body }: Answer, details?: string): Promise<Answer> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: String(body['device_code']),
    resource: apis.trips,
  }
  return ask(setup, from, { ...form, ...(details !== undefined && { authorization_details: details }) })
}
