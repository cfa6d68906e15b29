import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { AuditEvent, ReplayAnswer } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit } from '../support/kit.ts'

describe.each(frameworks)('%s', (_name, express) => {
  test('Express: a request given up while its verdict is awaited harms nobody and is recorded once', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const asked = deferred<void>()
    const answer = deferred<ReplayAnswer>()
    const recorded = deferred<void>()
    const events: AuditEvent[] = []
    const replay = {
      add() {
        asked.resolve()
        return answer.promise
      },
    }
    const write = (event: AuditEvent) => {
      events.push(event)
      recorded.resolve()
    }
    const app = express()
    app.use(agentAuth({ ...kit.options, dpop: { replay }, audit: { write } }))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const server = createServer(app)
    onTestFinished(() => void server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    const { port } = server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    const lines = Object.entries(await kit.credentials('GET', '/tools')).map(([name, value]) => `${name}: ${value}`)
    socket.write(['GET /tools HTTP/1.1', 'Host: api.example.test', ...lines, '', ''].join('\r\n'))
    await asked.promise
    socket.destroy()
    await once(socket, 'close')
    answer.resolve('fresh')
    await recorded.promise
    expect(events.map(({ decision }) => decision)).toEqual(['admitted'])

    const next = await fetch(`http://127.0.0.1:${port}/tools`)
    expect(next.status).toBe(401)
    await next.arrayBuffer()
    server.closeAllConnections()
  })
})

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
