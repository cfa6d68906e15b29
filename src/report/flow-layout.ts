import type { EntityKind } from '../types/context.ts'

/** One stop of a way; without a name it is passed through. */
export interface Step {
  readonly id: string
  readonly name: string | undefined
  readonly kind: EntityKind | 'rest' | 'api'
}

export interface Node extends Step {
  readonly column: number
  value: number
  thickness: number
  y: number
}

interface BandEnd {
  readonly column: number
  readonly y: number
  readonly isPassed: boolean
}

export interface Band {
  readonly from: BandEnd
  readonly to: BandEnd
  readonly thickness: number
  readonly isRest: boolean
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

/** Places for the nodes of each column, one below the other in the order of the ways, and for the bands between them. */
export function layOut(
  ways: readonly { readonly steps: readonly Step[]; readonly value: number }[],
  columns: number,
  leastHeight: number,
): Layout {
  const all = ways.reduce((sum, { value }) => sum + value, 0)
  const thicknessOf = (value: number) => Math.max(1, (value / Math.max(1, all)) * fullThickness)
  const nodes = Array.from({ length: columns }, (_, column) => collectNodes(ways, column, thicknessOf))
  const height = Math.max(...nodes.map((column) => place([...column.values()], leastHeight)))
  const used = new Map<Node, { left: number; right: number }>()
  const bands = ways.flatMap(({ steps, value }) => {
    const stops = steps.map((step, column) => nodes[column]?.get(nameOfNode(step)) as Node)
    return stops.slice(1).map((to, at) => bandBetween(stops[at] as Node, to, thicknessOf(value), used))
  })
  return { columns, height, nodes: nodes.flatMap((column) => [...column.values()]), bands }
}

function collectNodes(
  ways: readonly { readonly steps: readonly Step[]; readonly value: number }[],
  column: number,
  thicknessOf: (value: number) => number,
): Map<string, Node> {
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

/** Gives the height of the column. */
function place(nodes: readonly Node[], leastHeight: number): number {
  let y = 0
  for (const node of nodes) {
    node.y = y
    y += (node.name === undefined ? node.thickness : Math.max(node.thickness, leastHeight)) + gap
  }
  return y - gap
}

function bandBetween(from: Node, to: Node, thickness: number, used: Map<Node, { left: number; right: number }>): Band {
  const source = used.get(from) ?? { left: 0, right: 0 }
  used.set(from, source)
  const target = used.get(to) ?? { left: 0, right: 0 }
  used.set(to, target)
  const band = {
    from: { column: from.column, y: from.y + source.right, isPassed: from.name === undefined },
    to: { column: to.column, y: to.y + target.left, isPassed: to.name === undefined },
    thickness,
    isRest: from.kind === 'rest',
  }
  source.right += thickness
  target.left += thickness
  return band
}
