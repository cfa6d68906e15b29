import { agentReport } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { describeInBrowser } from '../browser/chromium.ts'
import { dayUnderAttack, normalDay, observedDay } from './days.ts'
import { hostileNames, hostileTraffic } from './hostile.ts'
import { type Inspected, inspection } from './inspection.ts'

/** The page in a real browser: that nothing of a caller becomes more than text, and that everybody can read it. */

type Traffic = Iterable<Parameters<ReturnType<typeof agentReport>['write']>[0]>

function reportOf(traffic: Traffic): ReturnType<typeof agentReport> {
  const report = agentReport({ clock: 'events' })
  for (const event of traffic) report.write(event)
  return report
}

function urlOf(html: string): string {
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`
}

const harmless = hostileNames.map((_, at) => `name-${at}`)
const pages: readonly (readonly [name: string, html: string])[] = [
  ['a normal day', reportOf(normalDay(3_000)).html()],
  ['a day under attack', reportOf(dayUnderAttack(3_000)).html()],
  ['an observed day', reportOf(observedDay(3_000)).html()],
  ['an empty day', reportOf([]).html()],
  ['hostile names', reportOf(hostileTraffic()).html()],
]
const widths = [360, 768, 1280]
const landmarks = ['header', 'nav', 'main', 'footer']
const sections = [
  'What to do next',
  'Who calls',
  'On whose behalf',
  'How proven',
  'What is refused, and what would be',
  'How long tokens live',
  'Who answers for the agents',
  'Shared identities',
  'Replay attempts',
]

describeInBrowser('Report: the page in a browser', (openPage) => {
  const seen = new Map<string, Promise<Inspected>>()

  /** Each page is opened once for each width and scheme. */
  const inspect = (html: string, width = 1280, colorScheme: 'light' | 'dark' = 'light'): Promise<Inspected> => {
    const name = `${width} ${colorScheme} ${html}`
    const found = seen.get(name) ?? look(html, width, colorScheme)
    seen.set(name, found)
    return found
  }
  const look = async (html: string, width: number, colorScheme: 'light' | 'dark'): Promise<Inspected> => {
    const page = await openPage(urlOf(html), { viewport: { width, height: 800 }, colorScheme })
    return page.evaluate<Inspected>(inspection)
  }

  test('Report: names of callers make no element and run nothing', async () => {
    const [hostile, plain] = [
      await inspect(reportOf(hostileTraffic()).html()),
      await inspect(reportOf(hostileTraffic(harmless)).html()),
    ]
    expect(hostile.hit).toBe(false)
    expect(hostile.elements).toEqual(plain.elements)
    expect(hostile.attributes).toEqual(plain.attributes)
    expect(hostile.elements).not.toContain('script')
    expect(hostile.elements).not.toContain('img')
  })

  test.each(pages)('Report: the page of %s loads nothing, and its policy lets its style pass', async (_, html) => {
    const { resources, isStyled, elements } = await inspect(html)
    expect(resources).toEqual([])
    expect(isStyled).toBe(true)
    expect(elements.filter((name) => name === 'style')).toHaveLength(1)
    const own = html.includes('globalThis.hit') ? '' : html
    expect(own).not.toMatch(/\sstyle=|\ssrc=|url\(|@import|https?:\/\/(?!login\.example\.com)[a-z]+\.[a-z]+\/[^"]*"/)
  })

  test.each(pages)('Report: the page of %s fits at every width', async (_, html) => {
    for (const width of widths) {
      const { overflowing, width: real } = await inspect(html, width)
      expect(overflowing).toEqual([])
      expect(real).toBe(width)
    }
  })

  test.each(pages)('WCAG 2.2 §1.4.3, §1.4.11: contrast on the page of %s, light and dark', async (_, html) => {
    for (const scheme of ['light', 'dark'] as const) {
      const { lowContrast, pictureContrast, texts } = await inspect(html, 1280, scheme)
      expect(texts).toBeGreaterThan(10)
      expect(lowContrast).toEqual([])
      expect(Math.min(...pictureContrast)).toBeGreaterThanOrEqual(3)
    }
  })

  test.each(pages)('WCAG 2.2 §1.3.1, §2.4.1, §4.1.2: structure of the page of %s', async (name, html) => {
    const found = await inspect(html)
    expect(found.headings.filter((level) => level === 1)).toEqual([1])
    expect(found.headings.filter((level, at) => level > (found.headings[at - 1] ?? 0) + 1)).toEqual([])
    expect(found.landmarks).toEqual(landmarks.filter((landmark) => landmark !== 'nav' || name !== 'an empty day'))
    expect(found.duplicateIds).toEqual([])
    expect(found.lostReferences).toEqual([])
    expect(found.namelessPictures).toBe(0)
    expect(found.tablesWithoutCaption).toBe(0)
    expect(found.cellsWithoutHeads).toBe(0)
    expect(found.unreachableScrolls).toBe(0)
    expect(found.language).toBe('en')
    expect(found.sections).toEqual(name === 'an empty day' ? sections.slice(0, 1) : sections)
  })
})

test('Report: an empty page says how to begin, and shows no figure', () => {
  for (const report of [agentReport(), reportOf([])]) {
    const page = report.html()
    expect(page).toContain('observeAgents({ issuer, resource, audit: report })')
    expect(page).not.toMatch(/never|<table|<dl class="totals"/)
  }
})

test('Report: events that were lost are told of even where no request was seen', () => {
  const report = reportOf([])
  report.write({ version: 1, id: 'dropped-1', time: 0, dropped: 17 })
  expect(report.snapshot().advice.map(({ id }) => id)).toEqual(['nothing_seen', 'events_dropped'])
})

test('Report: in page and text there is no character that is unseen, turns the direction or drives a terminal', () => {
  const report = reportOf(hostileTraffic())
  for (const output of [report.html(), report.text()]) {
    expect(output).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u3164]/u)
    expect(output).not.toMatch(/\p{Cs}|\p{M}{5}/u)
    expect(output).toContain('\\u{202E}')
  }
  expect(report.html()).toContain('\\u{1B}')
})

test('Report: a long name is cut in page and text, and the whole of it stands nowhere', () => {
  const report = reportOf(hostileTraffic())
  for (const output of [report.html(), report.text(), JSON.stringify(report.snapshot())]) {
    expect(output).not.toContain('a'.repeat(130))
  }
  for (const output of [report.html(), report.text()]) expect(output).not.toContain('a'.repeat(49))
})

test('Report: no line of the text is made by a caller', () => {
  const lines = (names?: readonly string[]) => reportOf(hostileTraffic(names)).text().split('\n').length
  expect(lines()).toBe(lines(harmless))
})

test('Report: every line of the text is short', () => {
  const text = reportOf(dayUnderAttack(3_000)).text()
  expect(text.split('\n').filter((line) => line.length > 90)).toEqual([])
})
