import express from 'express'
import { agentAuth } from 'onbehalf/express'
import { expect, onTestFinished, test } from 'vitest'
import { createKit } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

const preflight = {
  method: 'OPTIONS',
  headers: { origin: 'https://app.example.test', 'access-control-request-method': 'GET' },
}

test('Express: a preflight is refused like any request, and the operator hears of it once', async () => {
  const kit = await createKit({ token: { human: 'alice' } })
  const heard: (Error & { code?: string })[] = []
  const listen = (warning: Error) => void heard.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const app = express()
  app.use(agentAuth(kit.options))
  app.use((_req, res) => void res.send('reached'))
  const send = await serve(app)

  expect(codeIn(await send('/tools', { method: 'OPTIONS' }))).toBe('credentials_missing')
  expect(heard).toEqual([])
  for (let round = 0; round < 3; round++) {
    const reply = await send('/tools', preflight)
    expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
  }
  expect(heard.map(({ code }) => code)).toEqual(['ONBEHALF_PREFLIGHT'])
})
