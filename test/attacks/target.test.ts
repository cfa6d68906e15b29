import { describe, expect } from 'vitest'
import { createApi } from '../support/express.ts'
import { resource, url } from '../support/kit.ts'
import { fieldsNamed, listen, type RawResponse, sendRaw } from '../support/servers.ts'
import { coldAndWarm, type Stage } from './stage.ts'

/** The refusal code of the answer, or `admitted` where the handler was reached. */
function codeIn(response: RawResponse): unknown {
  const body = JSON.parse(response.body) as { code?: string; who?: string }
  return body.code ?? (body.who === undefined ? undefined : 'admitted')
}

async function lines(stage: Stage, token: string, htu: string): Promise<string[]> {
  const dpop = await stage.agent.proof({ method: 'GET', url, token, claims: { htu } })
  return [`Authorization: DPoP ${token}`, `DPoP: ${dpop}`]
}

describe('Host and forwarded headers', () => {
  const hosts = ['a/b?', 'a#', '[::1]x', 'evil.example', 'api.example.test:443', 'api.example.test@evil.example', '']
  for (const host of hosts) {
    coldAndWarm(`P32: Host ${JSON.stringify(host)} moves nothing: the configured URL counts`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      const port = await listen(createApi(stage.verifier))
      const send = async (htu: string) =>
        codeIn(await sendRaw(port, ['GET /tools HTTP/1.1', `Host: ${host}`, ...(await lines(stage, token, htu))]))
      expect(await send(url)).toBe('admitted')
      expect(await send(`https://${host}/tools`)).toBe(host === 'api.example.test:443' ? 'admitted' : 'proof_target')
      expect(await send(`http://127.0.0.1:${port}/tools`)).toBe('proof_target')
    })
  }

  const forwarded = [
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Host: api.example.test, evil.example',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Prefix: /v2',
    'Forwarded: host=evil.example;proto=http',
    'X-Original-URL: /public',
    'X-Rewrite-URL: /public',
  ]
  for (const field of forwarded) {
    coldAndWarm(`P32: ${field} moves nothing, also not in the challenge`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      const app = createApi(stage.verifier)
      app.set('trust proxy', true)
      const port = await listen(app)
      const send = async (more: string[]) => sendRaw(port, ['GET /tools HTTP/1.1', 'Host: x', field, ...more])
      expect(codeIn(await send(await lines(stage, token, url)))).toBe('admitted')
      for (const htu of [
        'https://evil.example/tools',
        'http://api.example.test/tools',
        `${resource}/v2/tools`,
        `${resource}/public`,
      ]) {
        expect(codeIn(await send(await lines(stage, token, htu)))).toBe('proof_target')
      }
      const bare = await send([])
      expect(bare.status).toBe(401)
      expect(bare.text).not.toContain('evil')
      expect(fieldsNamed(bare, 'www-authenticate').join()).toContain(`"${resource}/.well-known/`)
    })
  }
})

describe('request targets', () => {
  const refused = [
    '*',
    '//api.example.test/tools',
    '//evil.example/tools',
    '/../tools',
    '/x/../tools',
    '/x/%2e%2E/tools',
    '/./tools',
    '/tools/.',
    '/tools/%2e',
    '/tools\\',
    '/to ols',
    '/tools\t',
    '/tools\x7f',
    'https://evil.example/tools',
    'https://api.example.test.evil.example/tools',
    'http://api.example.test/tools',
    'tools',
    '',
    'https:/tools',
    'ftp://api.example.test/tools',
  ]
  for (const target of refused) {
    coldAndWarm(`P32: target ${JSON.stringify(target)} fits no proof`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      for (const htu of [url, resource + target, target, `https:${target}`]) {
        expect(await stage.code({ token, target, proof: { claims: { htu } } })).toBe('proof_target')
      }
    })
  }

  const same: readonly (readonly [target: string, htu: string])[] = [
    ['https://api.example.test/tools', url],
    ['https://API.example.test:443/tools', url],
    ['/tools?x=1', url],
    ['/tools?x=/../', url],
    ['/tools', 'https://api.example.test:443/tools'],
    ['/tools', 'HTTPS://API.EXAMPLE.TEST/tools'],
    ['/tools', `${url}?q#f`],
    ['/%74ools', url],
    ['/a%7Eb', `${resource}/a~b`],
    ['/a%2fb', `${resource}/a%2Fb`],
    ['/tools', `${resource}/x/../tools`],
    ['/', resource],
  ]
  for (const [target, htu] of same) {
    coldAndWarm(`P32: target ${target} is htu ${htu}`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      expect(await stage.code({ token, target, proof: { claims: { htu } } })).toBe('admitted')
    })
  }

  const different: readonly (readonly [target: string, htu: string])[] = [
    ['/tools', `${url}/`],
    ['/tools/', url],
    ['/Tools', url],
    ['/a%2fb', `${resource}/a/b`],
    ['/a%252fb', `${resource}/a%2fb`],
    ['/tools', 'https://api.example.test./tools'],
    ['/tools', 'https://api.example.test:444/tools'],
    ['/tools', 'https://user@api.example.test/tools'],
    ['/tools', 'https://api.example.test@evil.example/tools'],
    ['/tools', 'https://api.example.test\\@evil.example/tools'],
    ['/tools', 'https://xn--pi-hia.example.test/tools'],
    ['/tools', 'https://äpi.example.test/tools'],
    ['/tools', '//api.example.test/tools'],
    ['/tools', '/tools'],
    ['/tools', ' https://api.example.test/tools'],
    ['/tools', 'https://api.example.test/tools '],
    ['/tools', 'https://api.example.test/tools,https://evil.example'],
    ['/tools', 'javascript:https://api.example.test/tools'],
  ]
  for (const [target, htu] of different) {
    coldAndWarm(`P32: target ${target} is not htu ${JSON.stringify(htu)}`, async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      expect(await stage.code({ token, target, proof: { claims: { htu } } })).toBe('proof_target')
    })
  }

  coldAndWarm('P32: absolute form and dot segments end alike through Express', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const port = await listen(createApi(stage.verifier))
    const send = async (target: string) =>
      codeIn(await sendRaw(port, [`GET ${target} HTTP/1.1`, 'Host: x', ...(await lines(stage, token, url))]))
    expect(await send('https://api.example.test/tools')).toBe('admitted')
    for (const target of ['https://evil.example/tools', '/x/../tools', '//evil/tools'])
      expect(await send(target)).toBe('proof_target')
  })

  coldAndWarm(
    'P§1.27: behind a path prefix the public URL is configured',
    async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token, proof: { claims: { htu: 'https://gateway.example.test/v1/tools' } } })
      const judge = async (htu: string) => stage.code({ token, proof: { claims: { htu } } })
      expect(await judge('https://gateway.example.test/v1/tools')).toBe('admitted')
      expect(await judge('https://gateway.example.test/tools')).toBe('proof_target')
      expect(await judge(url)).toBe('proof_target')
    },
    { publicUrl: 'https://gateway.example.test/v1/' },
  )
})
