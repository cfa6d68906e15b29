import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { agentAuth, type ExpressRequest } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

describe.each(frameworks)('%s', (_name, express) => {
  async function api() {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (_req, res) => void res.send('reached'))
    return serve(app)
  }

  test('Express: two Authorization lines are refused, whichever of them holds', async () => {
    const send = await api()
    const { authorization = '', dpop = '' } = await kit.credentials('GET', '/tools')
    const second = `Bearer ${await kit.issuer.token({ agent: kit.agent })}`
    for (const lines of [
      [authorization, second],
      [second, authorization],
      [authorization, authorization],
    ]) {
      const headers: OutgoingHttpHeaders = { authorization: lines as unknown as string, dpop }
      const reply = await send('/tools', { headers })
      expect(reply.status).toBe(400)
      expect(codeIn(reply)).toBe('request_malformed')
      expect(reply.headers['www-authenticate']?.match(/error="invalid_request"/g)).toHaveLength(2)
    }
    expect((await send('/tools', { headers: { authorization, dpop } })).status).toBe(200)
  })

  test('Express: two DPoP lines are refused, and so are two proofs in one line', async () => {
    const send = await api()
    const { authorization = '', dpop = '' } = await kit.credentials('GET', '/tools')
    const token = authorization.slice('DPoP '.length)
    const other = await kit.agent.proof({ method: 'GET', url: `${resource}/tools`, token })
    for (const field of [[dpop, other], [dpop, dpop], `${dpop}, ${other}`, `${dpop},`, `, ${dpop}`]) {
      const reply = await send('/tools', { headers: { authorization, dpop: field } })
      expect(reply.status).toBe(401)
      expect(codeIn(reply)).toBe('proof_malformed')
    }
    expect((await send('/tools', { headers: { authorization, dpop } })).status).toBe(200)
  })

  test('Express: field names are read whatever their case', async () => {
    const send = await api()
    const { authorization = '', dpop = '' } = await kit.credentials('GET', '/tools')
    const reply = await send('/tools', { headers: { AUTHORIZATION: authorization, dPoP: dpop } })
    expect(reply.status).toBe(200)
  })

  test('Express: a token in the query or in a form is not read', async () => {
    const send = await api()
    const token = await kit.issuer.token({ agent: kit.agent })
    expect(codeIn(await send(`/tools?access_token=${token}`))).toBe('credentials_missing')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const posted = await send('/tools', { method: 'POST', headers: form, body: `access_token=${token}` })
    expect(codeIn(posted)).toBe('credentials_missing')
  })

  test('Express: no part of the credentials comes back, whatever the refusal', async () => {
    const send = await api()
    const { authorization = '', dpop = '' } = await kit.credentials('POST', '/tools')
    const reply = await send('/tools', { headers: { authorization, dpop } })
    expect(reply.status).toBe(401)
    const answer = reply.rawHeaders.join('\n') + reply.text
    for (const segment of [...authorization.slice(5).split('.'), ...dpop.split('.')]) {
      expect(answer).not.toContain(segment)
    }
  })
})

/** What a serverless host hands over: joined headers, no raw lines, no socket. */
function serverlessRequest(headers: Record<string, string | string[]>): ExpressRequest {
  return { method: 'GET', url: '/tools', originalUrl: '/tools', rawHeaders: [], headers } as unknown as ExpressRequest
}

/** Status of the answer, or 'next' when the request goes on. */
function outcome(request: ExpressRequest): Promise<number | 'next'> {
  return new Promise((resolve) => {
    const response = {
      statusCode: 0,
      setHeader: () => {},
      getHeader: () => undefined,
      end() {
        resolve(this.statusCode)
      },
    }
    agentAuth(kit.options)(request, response as unknown as ServerResponse<IncomingMessage>, () => resolve('next'))
  })
}

describe('a host that leaves rawHeaders empty', () => {
  test('Express: headers are read instead', async () => {
    expect(await outcome(serverlessRequest(await kit.credentials('GET', '/tools')))).toBe('next')
    expect(await outcome(serverlessRequest({}))).toBe(401)
  })

  test('Express: a comma in authorization or dpop counts as several lines', async () => {
    const { authorization = '', dpop = '' } = await kit.credentials('GET', '/tools')
    expect(await outcome(serverlessRequest({ authorization: `${authorization}, ${authorization}`, dpop }))).toBe(400)
    expect(await outcome(serverlessRequest({ authorization: `${authorization},${authorization}`, dpop }))).toBe(400)
    expect(await outcome(serverlessRequest({ authorization, dpop: `${dpop},${dpop}` }))).toBe(401)
    expect(await outcome(serverlessRequest({ authorization, dpop: [dpop, dpop] }))).toBe(401)
    expect(await outcome(serverlessRequest({ authorization, dpop }))).toBe('next')
  })
})
