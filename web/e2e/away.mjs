// What the page shows while the region KR is away: `make drill` runs it against its system. It prints
// "named the region", or that there is no browser.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findChromium, launch } from './browser.mjs'

const chromium = findChromium()
const edge = process.env.JARI_TEST_EDGE_URL
if (!chromium || !edge) {
  console.log('not looked at')
  process.exit()
}
const shots = fileURLToPath(new URL('shots/', import.meta.url))
await mkdir(shots, { recursive: true })
const browser = await launch(chromium)
try {
  const page = await browser.newPage({ locale: 'ko-KR', timezoneId: 'Asia/Seoul' })
  await page.goto(new URL(edge).origin)
  const main = page.getByRole('main')
  const alert = main.getByRole('alert')
  await alert.waitFor()
  await page.screenshot({ path: `${shots}away.png`, fullPage: true })
  const text = await alert.innerText()
  assert.match(text, /연결할 수 없습니다: 대한민국/, 'the page names the region that is away')
  await page.getByLabel('지역').selectOption('US')
  await main.getByRole('article').first().waitFor()
  assert.equal(await alert.count(), 0, 'the other region works')
  console.log('named the region')
} finally {
  await browser.close()
}
