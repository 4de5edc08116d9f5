import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { findChromium, launch } from '../e2e/browser.mjs'
import { serve } from '../e2e/rehearsal.mjs'
import { FakeApi } from './fakeapi.mjs'

interface Opening extends BrowserContextOptions {
  path?: string
  /** The user whose refresh cookie the browser has; undefined: nobody is logged in. */
  name?: string
  prepare?: (api: FakeApi) => void
  /** Runs in the page before any of its own scripts. */
  before?: (page: Page) => Promise<unknown>
}

/** The server's clock: 12:00 on a Tuesday in Seoul. */
export const now = Date.parse('2026-11-24T03:00:00Z')

/** Whether real Chromium can be tested here; without it these tests are skipped, or fail under JARI_TEST_REQUIRED. */
export const chromium = findChromium()
export const skipped = !chromium && !process.env.JARI_TEST_REQUIRED

/**
 * Builds the page for the tests of this file and returns a function that opens it in
 * real Chromium, in English, with the fake API. After each test the page may have thrown nothing.
 */
export function realPage() {
  vi.setConfig({ testTimeout: 120_000 }) // a busy machine starts Chromium slowly
  const dist = mkdtempSync(join(tmpdir(), 'page-'))
  let browser: Browser | undefined
  const errors: string[] = []

  beforeAll(async () => {
    if (!chromium) throw new Error('no Chromium was found: install it or set CHROMIUM to its path')
    const args = ['build', '--outDir', dist, '--emptyOutDir', '--logLevel', 'error']
    execFileSync('node_modules/.bin/vite', args, { env: { ...process.env, NODE_ENV: 'production' } })
    browser = await launch(chromium)
  }, 120_000)
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close()
    expect(errors.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(dist, { recursive: true, force: true })
  })

  return async ({ path = '/', name, prepare, before, ...options }: Opening = {}) => {
    if (!browser) throw new Error('the browser did not start')
    vi.useFakeTimers({ toFake: ['Date'], now })
    const api = new FakeApi()
    if (name) api.cookie = api.signedUp(name)
    prepare?.(api)
    const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Asia/Seoul', ...options })
    const page = await context.newPage()
    page.on('pageerror', (error) => errors.push(error.message))
    await page.clock.setFixedTime(now)
    await before?.(page)
    const base = await serve(page, api, pathToFileURL(`${dist}/`))
    await page.goto(base + path)
    return { api, page, context, base }
  }
}
