/** A member of an exported interface, with its comment as one line. */
export interface Member {
  readonly type: string
  readonly name: string
  readonly optional: boolean
  readonly comment: string
}

/** Members of every level, under the name of the exported type. */
export function membersIn(source: string): readonly Member[] {
  return [...source.matchAll(/^export (?:interface|type) (\w+)[^\n]*\n([\s\S]*?)^(?:\}|\n)/gm)].flatMap(
    ([, type = '', body = '']) => membersOf(type, body),
  )
}

function membersOf(type: string, body: string): readonly Member[] {
  const member = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ +(?:readonly )?(\w+)(\??)[:(<](?!.*,$)/gm
  return [...body.matchAll(member)].map(([, comment = '', name = '', mark]) => ({
    type,
    name,
    optional: mark === '?',
    comment: comment.replace(/\n\s*\* ?/g, ' ').trim(),
  }))
}

/** A number that a document gives for the member of this name. */
export interface Statement {
  readonly name: string
  readonly value: number
}

/** From tables with the columns option and default, and from text that has a number right behind a name: `maxBytes` 8192. */
export function statementsIn(markdown: string): readonly Statement[] {
  const inline = [...markdown.matchAll(/`([\w.]+)` \(?(?:default )?(\d[\d  _,]*(?:\.\d+)?)/g)]
  return [...inline.map(([, name = '', value]) => ({ name, value: numberIn(value) })), ...rowsIn(markdown)]
}

function rowsIn(markdown: string): readonly Statement[] {
  const tables = markdown.matchAll(/^\| *(?:option|member) *\| *default *\|.*\n\|[-| :]+\n((?:\|.*\n?)*)/gim)
  return [...tables].flatMap(([, rows = '']) =>
    [...rows.matchAll(/^\| *`([\w.]+)` *\| *`?(\d[\d  _,]*(?:\.\d+)?)/gm)].map(([, name = '', value]) => ({
      name,
      value: numberIn(value),
    })),
  )
}

/** Digits may be grouped. */
export function numberIn(text = ''): number {
  return Number(text.replace(/[\s _,]/g, '') || Number.NaN)
}
