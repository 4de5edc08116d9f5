// `npm run e2e`: the end-to-end test of the page, in a real browser, through the edge of a running system.
import { findChromium, launch } from './browser.mjs'
import { rehearse } from './rehearsal.mjs'
import { runScenario } from './scenario.mjs'

const rehearsal = process.argv.includes('--rehearse')
const edge = process.env.JARI_TEST_EDGE_URL
const chromium = findChromium()

if (!rehearsal && !edge) missing('JARI_TEST_EDGE_URL is not set; `make test` starts the system and sets it')
if (!chromium) {
  missing('no Chromium was found: install it (Debian: apt-get install chromium) or set CHROMIUM to its path')
} else {
  const browser = await launch(chromium)
  const context = await browser.newContext({
    locale: 'ko-KR',
    timezoneId: 'Asia/Seoul',
    viewport: { width: 1200, height: 860 },
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => fail(`uncaught error in the page: ${error.message}`))
  // A violation of the Content-Security-Policy is a console error. So is every response of 4xx or 5xx,
  // of which the scenario expects some.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource:'))
      fail(`error in the console: ${message.text()}`)
  })
  try {
    const base = rehearsal ? await rehearse(page) : new URL(edge ?? '').origin
    await runScenario({ page, base, log: (step) => console.log(`· ${step}`) })
    console.log(rehearsal ? 'e2e: passed against the fake API' : `e2e: passed through ${base}`)
  } catch (error) {
    const screenshot = new URL('shots/failed.png', import.meta.url).pathname
    await page.screenshot({ path: screenshot, fullPage: true }).catch(() => {})
    fail(`${error instanceof Error ? error.stack : error}\nScreenshot: web/e2e/shots/failed.png`)
  } finally {
    await browser.close()
  }
}

/** Skips the test, or fails under JARI_TEST_REQUIRED. @param {string} why */
function missing(why) {
  if (process.env.JARI_TEST_REQUIRED) console.error(`e2e: ${why}`)
  else console.log(`e2e: skipped: ${why}`)
  process.exit(process.env.JARI_TEST_REQUIRED ? 1 : 0)
}

/** @param {string} why */
function fail(why) {
  console.error(`e2e: ${why}`)
  process.exitCode = 1
}
