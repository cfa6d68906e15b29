import { createPerson } from '../../agents/person.ts'
import type { PersonCommands } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

const { login, password } = readSettings<{ login: string; password: string }>()
const person = createPerson(login, password)

serve({
  async allowDevice({ verificationUri, userCode }) {
    await person.allowDevice(verificationUri, userCode)
    return null
  },
  async signIn({ url }) {
    const { leftTo } = await person.visit(url)
    if (leftTo === undefined) throw new Error('The issuer did not send the browser back')
    return leftTo.href
  },
  async takeBack({ from, grants }) {
    await person.takeBack(grants, from)
    return null
  },
} satisfies PersonCommands)
