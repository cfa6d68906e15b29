import type { EntityKind } from '../types/context.ts'

/** One stop of a way; without a name it is passed through. */
export interface Step {
  readonly id: string
  readonly name: string | undefined
  readonly kind: EntityKind | 'rest' | 'api'
  /** Stands for many, and below those that are told one by one. */
  readonly isSum?: true
}

export interface Node extends Step {
  readonly column: number
  value: number
  thickness: number
  y: number
}

interface BandEnd {
  readonly node: Node
  y: number
}

export interface Band {
  readonly from: BandEnd
  readonly to: BandEnd
  readonly thickness: number
  /** Of the party that it comes from. */
  readonly kind: Step['kind']
}

interface Way {
  readonly steps: readonly Step[]
  readonly value: number
}

export interface Layout {
  readonly columns: number
  readonly height: number
  readonly nodes: readonly Node[]
  readonly bands: readonly Band[]
}

/** The thickness of everything together. */
const fullThickness = 260
const gap = 8

/** Places for the nodes of each column, one below the other, and for the bands between them, which cross as little as can be. */
export function layOut(ways: readonly Way[], columns: number, leastHeight: number): Layout {
  const all = ways.reduce((sum, { value }) => sum + value, 0)
  const thicknessOf = (value: number) => Math.max(1, (value / Math.max(1, all)) * fullThickness)
  const nodes = Array.from({ length: columns }, (_, column) => collectNodes(ways, column, thicknessOf))
  const height = Math.max(...nodes.map((column) => place(inOrder([...column.values()]), leastHeight)))
  const bands = ways.flatMap(({ steps, value }) => {
    const kinds = kindsAlong(steps)
    const stops = steps.map((step, column) => nodes[column]?.get(nameOfNode(step)) as Node)
    return stops.slice(1).map((to, at): Band => {
      const from = stops[at] as Node
      const kind = kinds[at] as Step['kind']
      return { from: { node: from, y: from.y }, to: { node: to, y: to.y }, thickness: thicknessOf(value), kind }
    })
  })
  stack(bands, 'from', 'to')
  stack(bands, 'to', 'from')
  return { columns, height, nodes: nodes.flatMap((column) => [...column.values()]), bands }
}

function collectNodes(
  ways: readonly Way[],
  column: number,
  thicknessOf: (value: number) => number,
): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>()
  for (const { steps, value } of ways) {
    const step = steps[column]
    if (step === undefined) continue
    const node = found.get(nameOfNode(step)) ?? { ...step, column, value: 0, thickness: 0, y: 0 }
    node.value += value
    node.thickness += thicknessOf(value)
    found.set(nameOfNode(step), node)
  }
  return found
}

function nameOfNode({ id, name }: Step): string {
  return `${name === undefined ? 'passed' : 'node'} ${id}`
}

/** Above what passes through from single parties, then named parties, the largest first, then sums. */
function inOrder(nodes: readonly Node[]): readonly Node[] {
  const rankOf = ({ name, isSum, kind }: Node) => {
    if (kind === 'rest') return 3
    if (isSum === true) return 2
    return name === undefined ? 0 : 1
  }
  return [...nodes].sort((a, b) => rankOf(a) - rankOf(b) || (a.name === undefined ? 0 : b.value - a.value))
}

/** Gives the height of the column. */
function place(nodes: readonly Node[], leastHeight: number): number {
  let y = 0
  for (const node of nodes) {
    const room = node.name === undefined ? node.thickness : Math.max(node.thickness, leastHeight)
    node.y = y + (room - node.thickness) / 2
    y += room + gap
  }
  return y - gap
}

/** The kind of the last party at or before each step. */
function kindsAlong(steps: readonly Step[]): readonly Step['kind'][] {
  let last: Step['kind'] = 'unknown'
  return steps.map(({ name, kind }) => {
    if (name !== undefined) last = kind
    return last
  })
}

/** At one end of all bands: those of one node lie in the order of what they lead to. */
function stack(bands: readonly Band[], end: 'from' | 'to', other: 'from' | 'to'): void {
  const used = new Map<Node, number>()
  for (const band of [...bands].sort((a, b) => a[other].node.y - b[other].node.y)) {
    const at = used.get(band[end].node) ?? 0
    band[end].y = band[end].node.y + at
    used.set(band[end].node, at + band.thickness)
  }
}
