/** Why a key in a token cannot be used. */
export type HardwareKeyFault =
  | 'route_missing'
  | 'module_missing'
  | 'token_missing'
  | 'token_ambiguous'
  | 'pin_wrong'
  | 'pin_locked'
  | 'key_incomplete'
  | 'key_ambiguous'
  | 'key_exportable'
  | 'key_unusable'
  | 'token_failed'

export class HardwareKeyError extends Error {
  readonly code: HardwareKeyFault

  constructor(code: HardwareKeyFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HardwareKeyError'
    this.code = code
  }
}

/** The return values of PKCS #11 v2.40 §5.1 that an operator can do something about. */
const meanings: Readonly<Record<string, readonly [HardwareKeyFault, string]>> = {
  CKR_PIN_INCORRECT: [
    'pin_wrong',
    'The PIN is wrong. It is not tried again, because tokens lock after a few wrong PINs.',
  ],
  CKR_PIN_LEN_RANGE: ['pin_wrong', 'The PIN is too short or too long for this token.'],
  CKR_PIN_INVALID: ['pin_wrong', 'The PIN has characters that this token does not take.'],
  CKR_PIN_LOCKED: ['pin_locked', 'The PIN is locked. The security officer of the token can set a new one.'],
  CKR_PIN_EXPIRED: ['pin_locked', 'The PIN has expired. Set a new one.'],
  CKR_USER_PIN_NOT_INITIALIZED: [
    'pin_locked',
    'The token has no user PIN yet. The security officer sets the first one.',
  ],
  CKR_TOKEN_NOT_PRESENT: ['token_missing', 'The token was removed.'],
  CKR_DEVICE_REMOVED: ['token_missing', 'The token was removed.'],
  CKR_MECHANISM_INVALID: ['key_unusable', 'The token cannot make or use ECDSA keys.'],
  CKR_ATTRIBUTE_TYPE_INVALID: ['key_unusable', 'The key is of another kind than EC.'],
  CKR_KEY_TYPE_INCONSISTENT: ['key_unusable', 'The key is of another kind than EC.'],
}

/** What a module has answered: `text` has the name of its return value, or says what went wrong before it was asked. */
export function tokenError(text: string, cause: unknown): HardwareKeyError {
  const value = /CKR_[A-Z0-9_]+/.exec(text)?.[0] ?? /error: (.*)/i.exec(text)?.[1] ?? 'no reason given'
  const [code, message] = meanings[value] ?? ['token_failed', 'The token has refused.']
  return new HardwareKeyError(code, `${message} (${value})`, { cause })
}
