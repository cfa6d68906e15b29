import type { Door } from '../app.ts'
import { express4Door, express5Door } from './express.ts'
import { fastifyDoor, fastifyHttp2Door } from './fastify.ts'
import { honoDoor } from './hono.ts'
import { nodeDoor } from './node.ts'

export const doors: readonly Door[] = [express5Door, express4Door, fastifyDoor, fastifyHttp2Door, honoDoor, nodeDoor]
