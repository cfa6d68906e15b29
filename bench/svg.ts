/** Horizontal bars as a small SVG that reads on light and dark pages. */
export interface Bar {
  readonly label: string
  readonly value: number
  readonly text: string
  /** Where the target stands. */
  readonly mark?: number
  readonly isOurs: boolean
}

const width = 760
const labelWidth = 300
const barWidth = 330
const rowHeight = 26
const top = 54

export function drawBars(title: string, subtitle: string, bars: readonly Bar[]): string {
  const height = top + bars.length * rowHeight + 10
  const longest = Math.max(...bars.map(({ value, mark = 0 }) => Math.max(value, mark)))
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    `<text class="title" x="16" y="24">${escaped(title)}</text>`,
    `<text class="small" x="16" y="42">${escaped(subtitle)}</text>`,
    ...bars.flatMap((bar, row) => drawBar(bar, top + row * rowHeight, barWidth / longest)),
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

function drawBar({ label, value, text, mark, isOurs }: Bar, y: number, scale: number): readonly string[] {
  const length = Math.max(1, value * scale).toFixed(1)
  const middle = y + 16
  const lines = [
    `<text x="${labelWidth - 8}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${isOurs ? 'ours' : 'other'}" x="${labelWidth}" y="${y + 4}" width="${length}" height="16" rx="2"/>`,
  ]
  const end = labelWidth + Math.max(value, mark ?? 0) * scale
  if (mark !== undefined) {
    const at = (labelWidth + mark * scale).toFixed(1)
    lines.push(`<line class="mark" x1="${at}" x2="${at}" y1="${y + 1}" y2="${y + 23}"/>`)
  }
  lines.push(`<text class="value" x="${(end + 8).toFixed(1)}" y="${middle}">${escaped(text)}</text>`)
  return lines
}

const style = [
  'text{font:12px system-ui,sans-serif;fill:#24292f}',
  '.title{font-size:15px;font-weight:600}',
  '.small{font-size:11px;fill:#57606a}',
  '.value{font-weight:600}',
  '.page{fill:#fff}',
  '.ours{fill:#1a7f5a}',
  '.other{fill:#9aa4af}',
  '.mark{stroke:#cf222e;stroke-width:2}',
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.page{fill:#0d1117}.other{fill:#59636e}.ours{fill:#2ea97a}}',
].join('')

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
