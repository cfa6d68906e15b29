import express from 'express'
import { agentAuth } from 'onbehalf/express'
import { expect, onTestFinished, test } from 'vitest'
import { codeOf, createKit, serve } from './express-setup.ts'

const preflight = {
  method: 'OPTIONS',
  headers: { origin: 'https://app.example.test', 'access-control-request-method': 'GET' },
}

test('Express: a preflight is refused like any request, and the operator hears of it once', async () => {
  const kit = await createKit()
  const heard: (Error & { code?: string })[] = []
  const listen = (warning: Error) => void heard.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const app = express()
  app.use(agentAuth(kit.options))
  app.use((_req, res) => void res.send('reached'))
  const send = await serve(app)

  expect(codeOf(await send('/tools', { method: 'OPTIONS' }))).toBe('credentials_missing')
  expect(heard).toEqual([])
  for (let round = 0; round < 3; round++) {
    const reply = await send('/tools', preflight)
    expect([reply.status, codeOf(reply)]).toEqual([401, 'credentials_missing'])
  }
  expect(heard.map(({ code }) => code)).toEqual(['ONBEHALF_PREFLIGHT'])
})
