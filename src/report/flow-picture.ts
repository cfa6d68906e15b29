import type { EntityKind } from '../types/context.ts'
import type { ReportedDelegations, ReportedFlow, ReportedParty } from '../types/report.ts'
import { type Band, type Layout, layOut, type Node, type Step } from './flow-layout.ts'
import { type Markup, markup } from './markup.ts'
import { colourOfKind, kindLegend, legendMarkup } from './page-parts.ts'
import { printableName } from './printable.ts'
import { grouped } from './words.ts'

/** How the picture is drawn for a wide and for a narrow screen. */
interface Canvas {
  readonly id: string
  readonly width: number
  readonly flows: number
  /** Letters of a name. */
  readonly letters: number
  readonly fontSize: number
  /** Whether earlier actors have a column of their own. */
  readonly hasEarlier: boolean
}

const barWidth = 8
const apiStep: Step = { id: 'api', name: 'this API', kind: 'api' }
const headHeight = 26

/** Principals on the left, actors between, this API on the right; the largest flows first, the rest as one. */
export function flowPicture(delegations: ReportedDelegations): Markup {
  const hasEarlier = delegations.flows.top.slice(0, 8).some(({ actors }) => actors.length > 1)
  const broad = { id: 'flows', width: 800, flows: 8, letters: 24, fontSize: 13, hasEarlier }
  const narrow = { id: 'flows-narrow', width: 340, flows: 5, letters: 13, fontSize: 12, hasEarlier: false }
  return markup`<figure>${drawFlows(delegations, broad, 'broad')}${drawFlows(delegations, narrow, 'narrow')}${legendMarkup(kindLegend)}</figure>`
}

function drawFlows({ flows, requests }: ReportedDelegations, canvas: Canvas, size: string): Markup {
  const columns = canvas.hasEarlier ? 4 : 3
  const { ways, told } = waysOf(flows, canvas)
  if (requests > told) ways.push({ steps: restSteps(columns), value: requests - told })
  const layout = layOut(ways, columns, canvas.fontSize + 9)
  const height = layout.height + headHeight + 4
  const description = `The largest of the ways on which requests reached this API, and the sums of the others. The table below has the same figures.`
  return markup`<svg class="graph ${size}" viewBox="0 0 ${canvas.width} ${height}" font-size="${canvas.fontSize}" role="img" aria-labelledby="${canvas.id} ${canvas.id}-text"><title id="${canvas.id}">From principals over actors to this API</title><desc id="${canvas.id}-text">${description}</desc>
${headsOf(canvas, columns, requests)}
${layout.bands.map((band) => drawBand(band, canvas, columns))}
${layout.nodes.map((node) => drawNode(node, layout, canvas, columns))}</svg>`
}

/** The largest ways one by one, the others by the kind of their principals and by their actor. */
function waysOf(flows: ReportedDelegations['flows'], canvas: Canvas): { readonly ways: Way[]; readonly told: number } {
  const single = flows.top.slice(0, canvas.flows)
  const more = flows.top.slice(canvas.flows)
  const ways: Way[] = single.map((flow) => ({ steps: stepsOf(flow, canvas.hasEarlier), value: flow.requests }))
  const sums = new Map<string, Way>()
  const addUp = (kind: EntityKind, actor: ReportedParty | null, value: number) => {
    const steps = sumSteps(kind, actor, canvas.hasEarlier)
    const name = steps.map(({ id }) => id).join('\u0000')
    sums.set(name, { steps, value: value + (sums.get(name)?.value ?? 0) })
  }
  for (const { principal, actors, requests } of more) addUp(principal.kind, actors[0] ?? null, requests)
  for (const { principalKind, actor, requests } of flows.others) addUp(principalKind, actor, requests)
  ways.push(...[...sums.values()].sort((a, b) => b.value - a.value).slice(0, canvas.flows))
  return { ways, told: ways.reduce((sum, { value }) => sum + value, 0) }
}

interface Way {
  readonly steps: readonly Step[]
  readonly value: number
}

const kindNames: Readonly<Record<EntityKind, string>> = {
  human: 'other humans',
  agent: 'other agents',
  service: 'other services',
  app: 'other apps',
  device: 'other devices',
  unknown: 'other unknown',
}

function sumSteps(kind: EntityKind, actor: ReportedParty | null, hasEarlier: boolean): readonly Step[] {
  const from: Step = { id: `others ${kind}`, name: kindNames[kind], kind, isSum: true }
  const between = actor === null ? passing(from) : partyStep(actor)
  return [from, ...(hasEarlier ? [passing(from)] : []), between, apiStep]
}

function stepsOf({ principal, actors, earlier }: ReportedFlow, hasEarlier: boolean): readonly Step[] {
  const from = partyStep(principal)
  const [actor, ...before] = actors
  if (actor === undefined)
    return hasEarlier ? [from, passing(from), passing(from), apiStep] : [from, passing(from), apiStep]
  if (!hasEarlier) return [from, partyStep(actor), apiStep]
  const handed = before[0] === undefined ? passing(from) : earlierStep(before, earlier)
  return [from, handed, partyStep(actor), apiStep]
}

function partyStep(party: ReportedParty): Step {
  return { id: `${party.assertedBy}\u0000${party.issuer}\u0000${party.subject}`, name: party.subject, kind: party.kind }
}

function earlierStep(before: readonly ReportedParty[], more: number): Step {
  const [first] = before
  const others = before.length - 1 + more
  const id = before.map((party) => partyStep(party).id).join('\u0000')
  const name = others === 0 ? (first?.subject ?? '') : `${printableName(first?.subject ?? '', 18)} + ${others}`
  return { id: `${id}\u0000${more}`, name, kind: first?.kind ?? 'unknown' }
}

/** Goes through this column without a node. */
function passing({ id, kind, isSum }: Step): Step {
  return { id, name: undefined, kind, ...(isSum && { isSum }) }
}

function restSteps(columns: number): readonly Step[] {
  const rest: Step = { id: 'rest', name: 'all others', kind: 'rest' }
  const between = Array.from({ length: columns - 2 }, () => ({ ...rest, name: undefined }))
  return [rest, ...between, apiStep]
}

function headsOf({ width, hasEarlier }: Canvas, columns: number, requests: number): Markup {
  const heads = ['On behalf of', ...(hasEarlier ? ['handed on by'] : []), 'called by']
  const left = heads.map(
    (head, column) => markup`<text class="count" x="${columnAt(column, width, columns)}" y="14">${head}</text>`,
  )
  return markup`${left}<text class="count" x="${width}" y="14" text-anchor="end">this API ${grouped(requests)}</text>`
}

function columnAt(column: number, width: number, columns: number): number {
  return Math.round(
    (column * (width - barWidth)) / (columns - 1) - (column > 0 && column < columns - 1 ? width * 0.03 : 0),
  )
}

function drawBand({ from, to, thickness, kind }: Band, { width }: Canvas, columns: number): Markup {
  const x0 = columnAt(from.node.column, width, columns) + barWidth
  const x1 = columnAt(to.node.column, width, columns) + (to.node.name === undefined ? barWidth : 0)
  const y0 = from.y + headHeight
  const y1 = to.y + headHeight
  const middle = Math.round((x0 + x1) / 2)
  const path = `M${x0} ${fixed(y0)}C${middle} ${fixed(y0)} ${middle} ${fixed(y1)} ${x1} ${fixed(y1)}V${fixed(y1 + thickness)}C${middle} ${fixed(y1 + thickness)} ${middle} ${fixed(y0 + thickness)} ${x0} ${fixed(y0 + thickness)}Z`
  return markup`<path class="band from-${colourOf(kind)}" d="${path}"/>`
}

function drawNode(node: Node, layout: Layout, canvas: Canvas, columns: number): Markup {
  const { column, y, thickness, name, kind, value } = node
  if (name === undefined) return markup``
  const x = columnAt(column, canvas.width, columns)
  const top = y + headHeight
  const bar = markup`<rect class="${colourOf(kind)}" x="${x}" y="${fixed(top)}" width="${barWidth}" height="${fixed(thickness)}"/>`
  if (column === layout.columns - 1) return bar
  const line = top + thickness / 2 + canvas.fontSize * 0.35
  const label = printableName(name, canvas.letters)
  return markup`${bar}<text x="${x + barWidth + 6}" y="${fixed(line)}"><tspan unicode-bidi="isolate">${label}</tspan><tspan class="count"> ${grouped(value)}</tspan></text>`
}

function colourOf(kind: Step['kind']): string {
  if (kind === 'api') return 'api'
  return kind === 'rest' ? 'other' : colourOfKind(kind)
}

function fixed(value: number): number {
  return Math.round(value * 10) / 10
}
