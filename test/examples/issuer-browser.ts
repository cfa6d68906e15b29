/** A browser that stops at each page, with its cookies. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  /** The address of the page it is at. */
  url = ''

  cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async get(url: string): Promise<Response> {
    return this.#follow(url, {})
  }

  /** As the page itself would, or with other headers. */
  post(fields: Record<string, string>, headers?: Record<string, string>, url: string = this.url): Promise<Response> {
    return this.#follow(
      url,
      { method: 'POST', body: new URLSearchParams(fields) },
      headers ?? { origin: new URL(url).origin },
    )
  }

  async #follow(url: string, init: RequestInit, headers: Record<string, string> = {}): Promise<Response> {
    const response = await fetch(url, { ...init, headers: { ...headers, cookie: this.cookies() }, redirect: 'manual' })
    this.url = url
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    const location = response.headers.get('location')
    const next = location === null ? undefined : new URL(location, url)
    if (next === undefined || next.origin !== new URL(url).origin) return response
    return this.#follow(next.href, {})
  }
}
