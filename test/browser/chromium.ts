import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

/** What is used of playwright-core; its own types need those of the DOM. */
interface Chromium {
  launch(options: { executablePath: string; args: readonly string[]; timeout: number }): Promise<Browser>
}

interface Browser {
  newContext(options?: PageOptions): Promise<BrowserContext>
  close(): Promise<void>
}

export interface PageOptions {
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
}

interface BrowserContext {
  newPage(): Promise<Page>
  close(): Promise<void>
}

export interface Page {
  goto(url: string, options: { timeout: number }): Promise<unknown>
  /** Runs the function's text in the page: it must name nothing outside itself. */
  evaluateHandle<T>(run: () => Promise<T>): Promise<Handle<T>>
  /** Runs this text in the page. */
  evaluate<T>(script: string): Promise<T>
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> }
  url(): string
  title(): Promise<string>
  /** The page that the next key or click leads to has arrived. */
  waitForEvent(event: 'load', options: { timeout: number }): Promise<unknown>
}

export interface Handle<T> {
  evaluate<A, R>(run: (value: T, given: A) => R | Promise<R>, given: A): Promise<R>
}

/** Opens a page, which closes when the test ends, whether it passes or fails. */
export type OpenPage = (url: string, options?: PageOptions) => Promise<Page>

/** A hang guard. On a busy machine a browser takes many times as long as it usually does. */
const patience = 120_000

const require = createRequire(import.meta.url)
const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
  // Only loopback names resolve.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
]

/**
 * A suite with one Chromium (`CHROMIUM_PATH`, else where Debian puts it). Where there is none, one skipped line says so;
 * with `ONBEHALF_REQUIRE_BROWSER=1` it fails instead.
 */
export function describeInBrowser(name: string, suite: (openPage: OpenPage) => void): void {
  const isMissing = !existsSync(path)
  if (isMissing && process.env['ONBEHALF_REQUIRE_BROWSER'] === '1') {
    throw new Error('ONBEHALF_REQUIRE_BROWSER=1, and there is no Chromium (CHROMIUM_PATH)')
  }
  const title = isMissing ? `${name}: skipped, there is no Chromium (CHROMIUM_PATH)` : name
  if (isMissing) console.info(title)
  describe.skipIf(isMissing)(title, { timeout: patience }, () => {
    if (isMissing) test('Chromium is there', () => expect(existsSync(path)).toBe(true))
    else suite(useBrowser())
  })
}

function useBrowser(): OpenPage {
  const { chromium } = require('playwright-core') as { chromium: Chromium }
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: path, args: flags, timeout: patience })
  }, patience)
  afterAll(async () => {
    await browser?.close()
  }, patience)

  return async function openPage(url, options) {
    if (browser === undefined) throw new Error('A page can only be opened inside a test')
    const context = await browser.newContext(options)
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(url, { timeout: patience })
    return page
  }
}
