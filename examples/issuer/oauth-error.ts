/** A refusal of the token endpoint. The description is constant text: it never repeats what the caller sent. */
export class OAuthError extends Error {
  readonly status: number
  readonly error: string

  constructor(error: string, description: string, status: number = error === 'invalid_client' ? 401 : 400) {
    super(description)
    this.name = 'OAuthError'
    this.error = error
    this.status = status
  }

  /** RFC 6749 §5.2. */
  toBody(): { error: string; error_description: string } {
    return { error: this.error, error_description: this.message }
  }
}
