/**
 * A URI as the URL parser writes it. The SDKs look resources up by it, so that `FILE:///x` and `file:///y/../x` are the
 * resource `file:///x`. Undefined where it is the same text, and for what is no URL.
 */
export function otherSpelling(method: string, uri: string | undefined): string | undefined {
  if (uri === undefined || !method.startsWith('resources/') || !URL.canParse(uri)) return undefined
  const { href } = new URL(uri)
  return href === uri ? undefined : href
}
