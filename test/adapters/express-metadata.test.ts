import { agentAuth } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const path = '/.well-known/oauth-protected-resource'

describe.each(frameworks)('%s', (_name, express) => {
  async function apiWith(more: object = {}) {
    const app = express()
    app.use(agentAuth({ ...kit.options, ...more }))
    app.use((_req, res) => void res.send('reached'))
    return serve(app)
  }

  test('RFC 9728 §3: the document is served before credentials are asked for', async () => {
    const reply = await (await apiWith())(path)
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('application/json')
    expect(JSON.parse(reply.text)).toMatchObject({
      resource: 'https://api.example.test',
      authorization_servers: ['https://as.example.test'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']),
    })
  })

  test('RFC 9728 §3.1: a resource with a path has its document behind the well-known part', async () => {
    const resource = 'https://api.example.test/v1/tools'
    const send = await apiWith({ resource, publicUrl: 'https://api.example.test' })
    expect(JSON.parse((await send(`${path}/v1/tools`)).text)).toMatchObject({ resource })
    expect((await send(path)).status).toBe(401)
  })

  test('RFC 9728 §3: nothing but GET of exactly that path is let through', async () => {
    const send = await apiWith()
    for (const target of [`${path}/`, `${path}?x`, `${path}/x`, `/x/..${path}`, `/${path}`, path.toUpperCase()]) {
      expect([target, (await send(target)).status]).toEqual([target, 401])
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect([method, (await send(path, { method })).status]).toEqual([method, 401])
    }
  })

  test('RFC 9728 §5.1: every challenge names the document', async () => {
    const reply = await (await apiWith())('/tools')
    const named = reply.headers['www-authenticate']?.match(/resource_metadata="([^"]*)"/g)
    expect(named).toEqual(Array(2).fill(`resource_metadata="https://api.example.test${path}"`))
  })

  test('RFC 9728: with metadata false the path is like any other and no challenge names it', async () => {
    const send = await apiWith({ metadata: false })
    const reply = await send(path)
    expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
    expect(reply.headers['www-authenticate']).not.toContain('resource_metadata')
  })

  test('RFC 9728 §2: further members of the document are the user’s, the scopes are the floor’s', async () => {
    const send = await apiWith({ metadata: { resource_name: 'Tools' }, access: { scopes: ['tools:read'] } })
    const document = JSON.parse((await send(path)).text)
    expect(document).toMatchObject({ resource_name: 'Tools', scopes_supported: ['tools:read'] })
    const hidden = await apiWith({ access: { scopes: ['tools:read'], hidden: true } })
    expect(JSON.parse((await hidden(path)).text)).not.toHaveProperty('scopes_supported')
  })
})
