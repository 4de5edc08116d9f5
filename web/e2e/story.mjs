// One diner's visit in a real browser, told from the outside: only what can be
// seen, heard or pressed. Runs against whatever stands behind `base`.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { host } from './host.mjs'
import { newRival, waitForASeat } from './line.mjs'

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../src/api/schema.gen').components['schemas']['Restaurant']} Restaurant */

const shots = fileURLToPath(new URL('shots/', import.meta.url))
const password = 'a seat by the window'

/** @param {{ page: Page, base: string, say?: (line: string) => void }} scene */
export async function story({ page, base, say = () => {} }) {
  await mkdir(shots, { recursive: true })
  await page.setContent('<select></select>')
  assert.notDeepEqual(await complaints(page), [], 'axe must notice a field without a name')
  const { korean, american } = await restaurantsIn(page, base)
  const rival = await newRival(page)
  const main = page.getByRole('main')
  let pictures = 0

  /** Every page of the story is looked at, and must give axe nothing to complain about. */
  const look = async (/** @type {string} */ name) => {
    await page.screenshot({
      path: `${shots}${String(++pictures).padStart(2, '0')}-${name}.png`,
      fullPage: true,
    })
    assert.deepEqual(await complaints(page), [], `axe on ${name}`)
    say(`looked at ${name}: nothing for axe to complain about`)
  }

  await page.goto(base)
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko')
  await main.getByRole('article').first().waitFor()
  await look('search')

  await page.keyboard.press('Tab')
  assert.equal(await focused(page), '본문으로 건너뛰기', 'the first Tab stop skips to the content')

  const word = wordOf(korean)
  await page.getByLabel('식당, 요리 또는 동네').fill(word)
  await page.keyboard.press('Enter')
  await main.getByRole('link', { name: korean.name.ko, exact: true }).waitFor()
  say(`"${word}" finds ${korean.name.ko}`)

  await page.getByLabel('지역').selectOption('US')
  await main.getByRole('link', { name: american.name.ko, exact: true }).waitFor()
  assert.equal(await main.getByRole('link', { name: korean.name.ko, exact: true }).count(), 0)
  await look('american')
  say(`x-region US shows ${american.name.en}`)
  await page.getByLabel('지역').selectOption('KR')
  await main.getByRole('link', { name: korean.name.ko, exact: true }).waitFor()

  await page.getByRole('link', { name: '로그인' }).click()
  await look('log-in')
  await main.getByRole('link', { name: '회원 가입' }).click()
  await page.getByLabel('이름').fill('김미나')
  await page.getByLabel('이메일').fill(`mina-${Date.now()}@example.com`)
  await page.getByLabel('비밀번호').fill(password)
  await look('sign-up')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: '로그아웃' }).waitFor()
  say('signed up and logged in')

  await page.reload()
  await page.getByRole('button', { name: '로그아웃' }).waitFor()
  say('still logged in after a reload: the cookie brought a new token')

  await main.getByRole('link', { name: korean.name.ko, exact: true }).click()
  await main.getByRole('radio').first().waitFor()
  await look('restaurant')
  await bookWithKeyboard(page)
  await main.getByRole('heading', { name: '예약이 확정되었습니다' }).waitFor()
  assert.equal(await focused(page), '예약이 확정되었습니다', 'the outcome takes the focus')
  await look('booked')
  say('booked without a mouse')

  await main.getByRole('link', { name: '내 예약 보기' }).click()
  await main.getByRole('link', { name: korean.name.ko, exact: true }).waitFor()
  await look('reservations')
  await main.getByRole('button', { name: /변경$/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('인원').selectOption('3')
  const others = dialog.getByRole('group', { name: /^시간/ }).locator('input:not(:checked):not(:disabled)')
  await others.first().focus()
  await page.keyboard.press('Space')
  await look('change')
  await dialog.getByRole('button', { name: '변경하기' }).click()
  await main.getByText(`${korean.name.ko} 예약을 변경했습니다.`).waitFor()
  await main.getByText('3명', { exact: true }).waitFor()
  say('moved to another time with one guest more')
  await main.getByRole('button', { name: /취소$/ }).click()
  await page.getByRole('dialog').waitFor()
  await look('cancel')
  await page.getByRole('button', { name: '네, 취소합니다' }).click()
  await main.getByText(`${korean.name.ko} 예약을 취소했습니다.`).waitFor()
  await main.getByText('취소됨').waitFor()
  await look('cancelled')
  say('cancelled, and the list says so')

  await waitForASeat({ page, look, say, rival, korean })

  await page.getByRole('button', { name: 'English' }).click()
  await main.getByRole('heading', { name: 'My reservations' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  assert.equal(await page.title(), 'My reservations · Jari')

  await page.setViewportSize({ width: 360, height: 740 })
  for (const path of ['/', `/kr/restaurants/${korean.id}`, '/reservations']) {
    await page.goto(base + path)
    await main
      .getByRole(path.startsWith('/kr') ? 'radio' : 'article')
      .first()
      .waitFor()
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(overflow <= 0, `${path} is ${overflow} px wider than a 360 px screen`)
    await look(`narrow${path.replaceAll('/', '-')}`)
  }
  say('fits a screen of 360 px')

  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('link', { name: 'Log in' }).waitFor()
  say('logged out')
  await host({ page, look, say, korean })
}

/** What axe finds wrong with the page as it is. @param {Page} page */
async function complaints(page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(
    ({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => node.target).join(' | ')}`,
  )
}

/** Tab and arrow to another day, Tab and space to a time, Tab on to the button, Enter. @param {Page} page */
async function bookWithKeyboard(page) {
  await page.getByLabel('인원').focus()
  await tabUntil(page, (what) => what === 'day')
  await page.keyboard.press('ArrowRight')
  await tabUntil(page, (what) => what === 'slot')
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: '이 자리 예약하기' }).waitFor()
  await tabUntil(page, (what) => what === '이 자리 예약하기')
  await page.keyboard.press('Enter')
}

/** @param {Page} page @param {(what: string) => boolean} there */
async function tabUntil(page, there) {
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('Tab')
    if (there(await focused(page))) return
  }
  throw new Error('Tab never got there')
}

/** The group of a focused radio button, else the text of what has the focus. @param {Page} page */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement
    return (element instanceof HTMLInputElement && element.name) || (element?.textContent ?? '').trim()
  })
}

/**
 * A Korean restaurant with free times and an American one, asked of the API
 * itself, so that the story does not depend on which places were filled in.
 * @param {Page} page @param {string} base
 * @returns {Promise<{ korean: Restaurant, american: Restaurant }>}
 */
async function restaurantsIn(page, base) {
  await page.goto(`${base}/login`)
  return page.evaluate(async () => {
    /** @type {(path: string, region: string) => Promise<any[]>} */
    const items = async (path, region) =>
      (await (await fetch(path, { headers: { 'x-region': region } })).json()).items
    const from = new Date()
    const window = new URLSearchParams({
      from: from.toISOString(),
      to: new Date(from.getTime() + 13 * 86_400_000).toISOString(),
      party: '2',
    })
    for (const korean of await items('/v1/restaurants', 'KR')) {
      const free = await items(`/v1/restaurants/${korean.id}/availability?${window}`, 'KR')
      if (free.some((/** @type {any} */ time) => time.available >= 2 && !time.opens_at))
        return { korean, american: (await items('/v1/restaurants', 'US'))[0] }
    }
    throw new Error('no Korean restaurant has a free time')
  })
}

/** The longest word of the Korean name. @param {Restaurant} restaurant */
function wordOf(restaurant) {
  return restaurant.name.ko.split(/\s+/).reduce((a, b) => (b.length > a.length ? b : a))
}
