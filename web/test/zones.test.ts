import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findChromium, launch } from '../e2e/browser.mjs'

// The zones that the services accept: the first name of each line.
const zones = readFileSync('../internal/zone/zones.txt', 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => line.split(' ')[0] ?? '')

/** Those that Intl does not know; it also runs in the browser, so it uses nothing from outside. */
const unknown = (names: string[]) =>
  names.filter((timeZone) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone }).format(0) === ''
    } catch {
      return true
    }
  })

test('every zone that a schedule may have can be shown', () => {
  expect(zones.length).toBeGreaterThan(400)
  expect(unknown(zones)).toEqual([])
  expect(unknown(['right/Asia/Seoul', 'Asia/Seoul'])).toEqual(['right/Asia/Seoul']) // the check detects one
})

const chromium = findChromium()
test.skipIf(!chromium)('every zone that a schedule may have can be shown in Chromium', async () => {
  const browser = await launch(chromium ?? '')
  try {
    const page = await browser.newPage()
    expect(await page.evaluate(unknown, [...zones, 'right/Asia/Seoul'])).toEqual(['right/Asia/Seoul'])
  } finally {
    await browser.close()
  }
})
