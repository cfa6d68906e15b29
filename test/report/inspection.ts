/** What a page is found to be, and the program that finds it out in the browser. */
export interface Inspected {
  readonly hit: boolean
  /** Names of all elements, in their order. */
  readonly elements: readonly string[]
  readonly attributes: readonly string[]
  readonly resources: readonly string[]
  readonly isStyled: boolean
  readonly width: number
  readonly overflowing: readonly string[]
  readonly texts: number
  readonly lowContrast: readonly string[]
  readonly pictureContrast: readonly number[]
  readonly headings: readonly number[]
  readonly landmarks: readonly string[]
  readonly sections: readonly string[]
  readonly duplicateIds: readonly string[]
  readonly lostReferences: readonly string[]
  readonly namelessPictures: number
  readonly tablesWithoutCaption: number
  readonly cellsWithoutHeads: number
  readonly unreachableScrolls: number
  readonly language: string
}

export const inspection = `(() => {
  for (const details of document.querySelectorAll('details')) details.open = true
  const all = [...document.querySelectorAll('*')]
  const ids = all.map((e) => e.id).filter(Boolean)
  const references = all.flatMap((e) => [e.getAttribute('aria-labelledby'), (e.getAttribute('href') || '').replace(/^#/, '')].flatMap((t) => (t || '').split(' ')).filter(Boolean))
  const paper = getComputedStyle(document.body).backgroundColor
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (high + 0.05) / (low + 0.05)
  }
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if ((numbers(colour)[3] ?? 1) > 0) return colour
    }
    return paper
  }
  const isShown = (e) => e.getClientRects().length > 0
  const texts = all.filter((e) => isShown(e) && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ''))
  const colourOf = (e) => (e.namespaceURI.endsWith('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color)
  const client = document.documentElement.clientWidth
  const shapes = all.filter((e) => /^(agent|human|service|other|unsigned|bound|unbound|api)$/.test(e.getAttribute('class') || ''))
  return {
    hit: 'hit' in globalThis,
    elements: all.map((e) => e.localName),
    attributes: all.flatMap((e) => e.getAttributeNames().map((n) => e.localName + ' ' + n)),
    resources: performance.getEntriesByType('resource').map((r) => r.name),
    isStyled: getComputedStyle(document.body).margin === '0px',
    width: document.documentElement.scrollWidth,
    overflowing: all.filter((e) => isShown(e) && !e.closest('.scroll, .skip') && !e.closest('svg svg') && e.getBoundingClientRect().right > client + 1).map((e) => e.localName + ' ' + e.textContent.slice(0, 40)),
    texts: texts.length,
    lowContrast: texts.filter((e) => contrast(colourOf(e), behind(e)) < 4.5).map((e) => e.localName + ' ' + colourOf(e) + ' on ' + behind(e)),
    pictureContrast: [21, ...shapes.map((e) => contrast(getComputedStyle(e).fill, paper))],
    headings: all.filter((e) => /^h[1-6]$/.test(e.localName)).map((e) => Number(e.localName[1])),
    landmarks: all.filter((e) => /^(header|nav|main|footer)$/.test(e.localName)).map((e) => e.localName),
    sections: [...document.querySelectorAll('main > section')].map((e) => document.getElementById(e.getAttribute('aria-labelledby')).textContent),
    duplicateIds: ids.filter((id, at) => ids.indexOf(id) !== at),
    lostReferences: references.filter((id) => !ids.includes(id)),
    namelessPictures: [...document.querySelectorAll('svg:not([aria-hidden])')].filter((e) => e.getAttribute('role') !== 'img' || !e.querySelector('title') || !e.querySelector('desc')).length,
    tablesWithoutCaption: [...document.querySelectorAll('table')].filter((e) => !e.caption || e.caption.textContent === '').length,
    cellsWithoutHeads: [...document.querySelectorAll('table')].filter((e) => !e.tHead.querySelector('th[scope=col]') || [...e.querySelectorAll('tbody tr:not(.cure)')].some((r) => !r.querySelector('th[scope=row]'))).length,
    unreachableScrolls: [...document.querySelectorAll('.scroll')].filter((e) => e.tabIndex !== 0 || !e.getAttribute('aria-label')).length,
    language: document.documentElement.lang,
  }
})()`
