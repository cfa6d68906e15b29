import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { createNodeGate } from 'onbehalf/node'
import { expect, test } from 'vitest'
import { createKit } from '../support/kit.ts'

test('node: an upgrade that ends in an exception leaves no socket open', async () => {
  const kit = await createKit({ token: { human: 'alice' } })
  const { authorizeUpgrade } = createNodeGate(kit.options)
  const headers = await kit.credentials('GET', '/stream')
  const request = { method: 'GET', url: '/stream', headers, rawHeaders: [] } as unknown as IncomingMessage
  const socket = new PassThrough()
  const wrong = { scopes: 'tools:read' } as unknown as { scopes: string[] }
  await expect(authorizeUpgrade(request, socket, wrong)).rejects.toMatchObject({ problems: [{}] })
  expect(socket.destroyed).toBe(true)
})
