// One diner's visit in a real browser. It uses only what a visitor can see, hear
// (accessible names) or press, and runs against any system behind `base`.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { manageGuests } from './owner.mjs'
import { newOtherDiner, waitForSeats } from './waitlist.mjs'

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../src/api/schema.gen').components['schemas']['Restaurant']} Restaurant */

const shots = fileURLToPath(new URL('shots/', import.meta.url))
const password = 'a seat by the window'

/** @param {{ page: Page, base: string, log?: (step: string) => void }} options */
export async function runScenario({ page, base, log = () => {} }) {
  await mkdir(shots, { recursive: true })
  await page.setContent('<select></select>')
  assert.notDeepEqual(await axeViolations(page), [], 'axe must report a field without a name')
  const { korean, american } = await restaurantsIn(page, base)
  const otherDiner = await newOtherDiner(page)
  const main = page.getByRole('main')
  let screenshots = 0

  /** Takes a screenshot of a page and requires that axe reports no violation. */
  const check = async (/** @type {string} */ name) => {
    await page.screenshot({
      path: `${shots}${String(++screenshots).padStart(2, '0')}-${name}.png`,
      fullPage: true,
    })
    assert.deepEqual(await axeViolations(page), [], `axe on ${name}`)
    log(`checked ${name}: no axe violations`)
  }

  await page.goto(base)
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko')
  await main.getByRole('article').first().waitFor()
  await check('search')

  await page.keyboard.press('Tab')
  assert.equal(await focused(page), '본문으로 건너뛰기', 'the first Tab stop skips to the content')

  const word = wordOf(korean)
  await page.getByLabel('식당, 요리 또는 동네').fill(word)
  await page.keyboard.press('Enter')
  await main.getByRole('link', { name: korean.name.ko, exact: true }).waitFor()
  log(`search for "${word}" finds ${korean.name.ko}`)

  await page.getByLabel('지역').selectOption('US')
  await main.getByRole('link', { name: american.name.ko, exact: true }).waitFor()
  assert.equal(await main.getByRole('link', { name: korean.name.ko, exact: true }).count(), 0)
  await check('american')
  log(`region US shows ${american.name.en}`)
  await page.getByLabel('지역').selectOption('KR')
  await main.getByRole('link', { name: korean.name.ko, exact: true }).waitFor()

  await page.getByRole('link', { name: '로그인' }).click()
  await check('log-in')
  await main.getByRole('link', { name: '회원 가입' }).click()
  await page.getByLabel('이름').fill('김미나')
  await page.getByLabel('이메일').fill(`mina-${Date.now()}@example.com`)
  await page.getByLabel('비밀번호').fill(password)
  await check('sign-up')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: '로그아웃' }).waitFor()
  log('signed up and logged in')

  await page.reload()
  await page.getByRole('button', { name: '로그아웃' }).waitFor()
  log('still logged in after a reload: the refresh cookie works')

  await main.getByRole('link', { name: korean.name.ko, exact: true }).click()
  await main.getByRole('radio').first().waitFor()
  await check('restaurant')
  await bookWithKeyboard(page)
  await main.getByRole('heading', { name: '예약이 확정되었습니다' }).waitFor()
  assert.equal(await focused(page), '예약이 확정되었습니다', 'the result takes the focus')
  await check('booked')
  log('booked by keyboard')

  await main.getByRole('link', { name: '내 예약 보기' }).click()
  await main.getByRole('link', { name: korean.name.ko, exact: true }).waitFor()
  await check('reservations')
  await main.getByRole('button', { name: /변경$/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('인원').selectOption('3')
  const others = dialog.getByRole('group', { name: /^시간/ }).locator('input:not(:checked):not(:disabled)')
  await others.first().focus()
  await page.keyboard.press('Space')
  await check('change')
  await dialog.getByRole('button', { name: '변경하기' }).click()
  await main.getByText(`${korean.name.ko} 예약을 변경했습니다.`).waitFor()
  await main.getByText('3명', { exact: true }).waitFor()
  log('moved the reservation to another time and party size')
  await main.getByRole('button', { name: /취소$/ }).click()
  await page.getByRole('dialog').waitFor()
  await check('cancel')
  await page.getByRole('button', { name: '네, 취소합니다' }).click()
  await main.getByText(`${korean.name.ko} 예약을 취소했습니다.`).waitFor()
  await main.getByText('취소됨').waitFor()
  await check('cancelled')
  log('cancelled, and the list shows it')

  await waitForSeats({ page, check, log, otherDiner, korean })

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
    await check(`narrow${path.replaceAll('/', '-')}`)
  }
  log('fits a screen 360 px wide')

  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('link', { name: 'Log in' }).waitFor()
  log('logged out')
  await manageGuests({ page, check, log, korean })
}

/** The violations that axe reports for the current page. @param {Page} page */
async function axeViolations(page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(
    ({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => node.target).join(' | ')}`,
  )
}

/** Tab and arrow to another day, Tab and space to a time, Tab on to the button, Enter. @param {Page} page */
async function bookWithKeyboard(page) {
  await page.getByLabel('인원').focus()
  await tabUntil(page, (focus) => focus === 'day')
  await page.keyboard.press('ArrowRight')
  await tabUntil(page, (focus) => focus === 'slot')
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: '이 자리 예약하기' }).waitFor()
  await tabUntil(page, (focus) => focus === '이 자리 예약하기')
  await page.keyboard.press('Enter')
}

/** @param {Page} page @param {(focus: string) => boolean} reached */
async function tabUntil(page, reached) {
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('Tab')
    if (reached(await focused(page))) return
  }
  throw new Error('30 Tab presses did not reach the element')
}

/** The group of a focused radio button, else the text of the focused element. @param {Page} page */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement
    return (element instanceof HTMLInputElement && element.name) || (element?.textContent ?? '').trim()
  })
}

/**
 * A Korean restaurant with free times and an American one, read from the API,
 * so that the scenario does not depend on the seeded restaurants.
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
      if (free.some((/** @type {any} */ time) => time.action === 'book'))
        return { korean, american: (await items('/v1/restaurants', 'US'))[0] }
    }
    throw new Error('no Korean restaurant has a free time')
  })
}

/** The longest word of the Korean name. @param {Restaurant} restaurant */
function wordOf(restaurant) {
  return restaurant.name.ko.split(/\s+/).reduce((a, b) => (b.length > a.length ? b : a))
}
