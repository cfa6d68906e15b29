/**
 * A person at the pages of the issuer, without a browser: it keeps cookies, follows redirects and fills in forms, for demos
 * and tests. An agent must never do this for a person: it would have to know the password.
 */
export interface Person {
  /** Opens a page, signs in and consents where it is asked to. Gives the address it is sent to outside of the issuer, if any. */
  visit(url: string, answers?: Answers): Promise<Visit>
  /** Types the code of an agent (RFC 8628 §3.3) and consents. */
  allowDevice(verificationUri: string, userCode: string): Promise<Visit>
  /** Takes back what an agent holds: the name is that on its button. */
  takeBack(grantsUrl: string, agent: string): Promise<Visit>
}

export interface Visit {
  /** Outside of the issuer; undefined where the way ends on a page of it. */
  readonly leftTo: URL | undefined
  /** The last page. */
  readonly page: string
}

/** What is typed or chosen, by the name of the field. */
export type Answers = Readonly<Record<string, string>>

export function createPerson(login: string, password: string): Person {
  const cookies = new Map<string, string>()
  const always: Answers = { login, password, do: 'allow' }

  async function visit(start: string, answers: Answers = {}, button?: string): Promise<Visit> {
    let url = new URL(start)
    const { origin } = url
    let body: URLSearchParams | undefined
    for (let step = 0; step < 20; step++) {
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        body: body ?? null,
        headers: { cookie: cookieHeader(cookies), ...(body !== undefined && { origin }) },
        redirect: 'manual',
      })
      keepCookies(cookies, response)
      const page = await response.text()
      const location = response.headers.get('location')
      const form = location === null ? readForm(page, { ...always, ...answers }, button) : undefined
      if (location === null && form === undefined) return { leftTo: undefined, page }
      url = new URL(location ?? form?.action ?? '', url)
      body = form?.fields
      if (url.origin !== origin) return { leftTo: url, page }
    }
    throw new Error('The person is led in a circle.')
  }

  return {
    visit: (url, answers) => visit(url, answers),
    allowDevice: (verificationUri, user_code) => visit(verificationUri, { user_code }),
    takeBack: (grantsUrl, agent) => visit(grantsUrl, {}, `Take back from ${agent}`),
  }
}

function cookieHeader(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
}

interface FilledForm {
  readonly action: string
  readonly fields: URLSearchParams
}

/** The first form of the page, or the one with the button. A form without a field that is filled in ends the way. */
function readForm(page: string, answers: Answers, button: string | undefined): FilledForm | undefined {
  const forms = [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)]
  const form = forms.find(([, , inside = '']) => button === undefined || inside.includes(button))
  const [, attributes = '', inside = ''] = form ?? []
  const action = attributeOf(attributes, 'action')
  if (form === undefined || action === '') return undefined
  const isOwnChoice = /Take back from|Sign out/.test(inside)
  if (isOwnChoice && button === undefined) return undefined
  const fields = new URLSearchParams()
  for (const [field] of inside.matchAll(/<(?:input|select)\b[^>]*>/g)) {
    const name = attributeOf(field, 'name')
    if (name !== '') fields.set(name, answers[name] ?? (attributeOf(field, 'value') || firstOption(inside)))
  }
  if (answers['do'] !== undefined && / name="do"/.test(inside)) fields.set('do', answers['do'])
  return { action, fields }
}

function firstOption(inside: string): string {
  return /<option value="([^"]*)"/.exec(inside)?.[1] ?? ''
}

function attributeOf(tag: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
}
