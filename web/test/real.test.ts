import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { problem } from './fakeapi.mjs'
import { now, realPage, skipped } from './realpage'

const minute = 60_000
const hanok = '/kr/restaurants/hanok-table'
const time = (page: Page) => page.getByRole('radio', { name: /^6:00 PM/ })

describe.skipIf(skipped)('in a real browser', () => {
  const open = realPage()

  test('works with storage blocked: searches, changes language and region, logs in, books', async () => {
    const { page, api } = await open({
      path: hanok,
      before: async (page) =>
        page.addInitScript(() => {
          for (const kind of ['localStorage', 'sessionStorage'])
            Object.defineProperty(window, kind, {
              get() {
                throw new DOMException('Access is denied for this document.', 'SecurityError')
              },
            })
        }),
      prepare: (fake) => fake.signedUp('Mina'),
    })
    await page.getByRole('button', { name: '한국어' }).click()
    await page.getByRole('button', { name: 'English' }).click()
    await time(page).check({ force: true })
    await page.getByRole('link', { name: 'Log in to book' }).click()
    await page.getByLabel('E-mail').fill('mina@example.com')
    await page.getByLabel('Password').fill('correct horse')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Book this table' }).click()
    await page.getByRole('heading', { name: 'Your table is booked' }).waitFor()
    expect(api.reservations.KR).toHaveLength(1)
    await page.getByRole('link', { name: 'Jari' }).click()
    await page.getByLabel('Region').selectOption('US')
    await page.getByRole('link', { name: 'Brooklyn Hearth' }).waitFor()
  })

  /** A drop that opens at `opens` by the server's clock, which is real from `now` on. */
  const drop = (opens: number, asked: () => void) => (api: import('./fakeapi.mjs').FakeApi) => {
    const begun = performance.now()
    const real = () => now + performance.now() - begun
    api.at('GET', /hanok-table\/availability$/, () => {
      vi.setSystemTime(real())
      asked()
      const open = real() >= opens
      const slot = {
        slot_id: 'hanok-table_1',
        start: new Date(now + 7 * minute * 60).toISOString(),
        available: 4,
      }
      const items = [
        open
          ? { ...slot, action: 'book' }
          : { ...slot, action: 'none', reason: 'not_open_yet', opens_at: new Date(opens).toISOString() },
      ]
      return Response.json({ time_zone: 'Asia/Seoul', items })
    })
  }

  test('a drop can be booked when it opens, with a device clock 10 minutes slow', async () => {
    const { page } = await open({
      path: hanok,
      before: (page) => page.clock.setFixedTime(now - 10 * minute),
      prepare: drop(now + 5000, () => {}),
    })
    const radio = page.getByRole('radio', { name: /PM/ })
    await radio.and(page.locator(':enabled')).waitFor({ state: 'attached' })
  })

  test('a device clock 30 minutes fast does not ask each second', async () => {
    let asked = 0
    const { page } = await open({
      path: hanok,
      before: (page) => page.clock.install({ time: now + 30 * minute }),
      prepare: drop(now + 20 * minute, () => asked++),
    })
    await page.getByText(/Booking for this day has not opened yet/).waitFor()
    const before = asked
    await page.clock.runFor(minute)
    await page.getByLabel('Party').selectOption('3')
    await expect.poll(() => asked).toBeGreaterThan(before)
    expect(asked - before, 'only the change of party asks').toBeLessThanOrEqual(2)
  })

  test('a typed date counts when it is complete, not at each key', async () => {
    const asked: (string | null)[] = []
    const { page } = await open({
      prepare: (api) =>
        api.at('GET', /v1\/availability$/, (request) => {
          asked.push(new URL(request.url).searchParams.get('date'))
          return undefined
        }),
    })
    await page.getByText('6 restaurants').waitFor()
    const day = page.getByLabel('Day')
    expect(await day.inputValue()).toBe('2026-11-24')
    await day.focus()
    for (const key of '12252027') await page.keyboard.press(key)
    expect(await day.inputValue()).toBe('2027-12-25')
    expect(new URL(page.url()).search).toBe('')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('day=2027-12-25')
    await expect.poll(() => asked.at(-1)).toBe('2027-12-25')
    expect(new Set(asked)).toEqual(new Set(['2026-11-24', '2027-12-25']))
    await page
      .getByText('Sold out on this day')
      .or(page.getByRole('link', { name: /PM$/ }))
      .first()
      .waitFor()
  })

  test('a typed date that cannot be chosen stays, with the reason', async () => {
    const { page } = await open()
    await page.getByText('6 restaurants').waitFor()
    const day = page.getByLabel('Day')
    await day.focus()
    for (const key of '12251999') await page.keyboard.press(key)
    await page.keyboard.press('Enter')
    await page.getByText('Please give a date from Tuesday, November 24 on.').waitFor()
    expect(await day.inputValue()).toBe('1999-12-25')
    expect(new URL(page.url()).search).toBe('')
  })

  test('the owner’s day picker asks for the typed day only', async () => {
    const asked: (string | null)[] = []
    const { page } = await open({
      path: `${hanok}/guests`,
      prepare: (api) => {
        api.cookie = api.owner()
        api.at('GET', /hanok-table\/reservations$/, (request) => {
          asked.push(new URL(request.url).searchParams.get('date'))
          return undefined
        })
      },
    })
    await page.getByText('Nobody is on the list of this day.').waitFor()
    await page.getByLabel('Day', { exact: true }).focus()
    for (const key of '12252027') await page.keyboard.press(key)
    await page.getByRole('heading', { name: 'Guests' }).click()
    await page.getByRole('heading', { name: /December 25/ }).waitFor()
    await expect.poll(() => asked.at(-1)).toBe('2027-12-25')
    expect(new Set(asked)).toEqual(new Set(['2026-11-24', '2027-12-25']))
  })

  test.each([
    '/login?to=http://[',
    '/signup?to=//[',
    `${hanok}?day=2026-99-99&party=-1&slot=%00`,
    `${hanok}/guests?date=2026-99-99`,
    `${hanok}/guests?date=99999-01-01`,
    '/?day=2026-02-31&party=1e3&cuisine=__proto__',
    `/?q=${'a'.repeat(300)}`,
    '/kr/restaurants/%E0%A4%A',
    '/kr/restaurants/%2e%2e%2f',
    '/%ff',
  ])('%s is never a blank page', async (path) => {
    const { page } = await open({
      path,
      prepare: (api) => {
        if (path.includes('guests')) api.cookie = api.owner()
      },
    })
    await page.getByRole('heading', { level: 1 }).waitFor()
    await expect.poll(() => page.getByRole('main').innerText()).not.toBe('')
    expect(await page.getByText('We cannot show this').count()).toBe(0)
  })

  test('recovers by itself when the device is online again', async () => {
    let reachable = false
    const { page, context } = await open({
      path: '/reservations',
      name: 'Mina',
      prepare: (api) => {
        const lost = () => {
          if (reachable) return undefined
          throw new TypeError('connection refused')
        }
        api.at('GET', /./, lost)
        api.at('POST', /refresh$/, lost)
      },
    })
    await page.getByText(/cannot tell right now whether you are logged in/).waitFor()
    await page
      .getByText(/could not be reached/)
      .first()
      .waitFor()
    expect(await page.getByText(/busy|many people/).count()).toBe(0)
    await context.setOffline(true)
    reachable = true
    await context.setOffline(false)
    await page.getByText('No table is waiting for you yet.').waitFor()
  })

  test('shows an explanation, a way to try again and a way home when a page breaks', async () => {
    let broken = true
    const { page } = await open({
      path: hanok,
      prepare: (api) =>
        // React cannot show an object where a text belongs.
        api.at('GET', /restaurants\/hanok-table$/, () =>
          broken ? Response.json({ id: 'x', name: { en: { text: 'Hanok Table' } } }) : undefined,
        ),
    })
    const alert = page.getByRole('alert')
    await alert.getByRole('heading', { name: 'We cannot show this' }).waitFor()
    await page.getByRole('link', { name: 'Jari' }).waitFor()
    broken = false
    await alert.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Hanok Table' }).waitFor()
  })

  test('a session that ends at the tap keeps the note through the log-in', async () => {
    const { page, api } = await open({ path: hanok, name: 'Mina' })
    await time(page).check({ force: true })
    await page.getByLabel(/A word to the restaurant/).fill('No peanuts, please')
    api.cookie = undefined
    api.tokens.clear()
    await page.getByRole('button', { name: 'Book this table' }).click()
    await page.getByText(/what you wrote is kept/).waitFor()
    await page.getByRole('link', { name: 'Log in to book' }).click()
    expect(page.url()).not.toContain('peanuts')
    await page.reload()
    await page.getByLabel('E-mail').fill('mina@example.com')
    await page.getByLabel('Password').fill('correct horse')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect
      .poll(() => page.getByLabel(/A word to the restaurant/).inputValue())
      .toBe('No peanuts, please')
    await page.getByRole('button', { name: 'Book this table' }).click()
    await page.getByRole('heading', { name: 'Your table is booked' }).waitFor()
    expect(api.reservations.KR).toMatchObject([{ note: 'No peanuts, please' }])
    expect(await page.evaluate(() => sessionStorage.getItem('jari.draft'))).toBeNull()
  })

  test('keeps Book while the page cannot tell who is logged in, and books once it can', async () => {
    let down = true
    const { page, api } = await open({
      path: hanok,
      name: 'Mina',
      prepare: (api) =>
        api.at('POST', /refresh$/, () =>
          down ? problem(503, 'unavailable', { 'Retry-After': '1' }) : undefined,
        ),
    })
    await time(page).check({ force: true })
    await page.getByText(/cannot tell right now whether you are logged in/).waitFor()
    await page.getByLabel(/A word to the restaurant/).fill('No peanuts, please')
    await page.getByRole('button', { name: 'Book this table' }).click()
    await page
      .getByRole('alert')
      .getByText(/cannot answer right now/)
      .waitFor()
    expect(await page.getByRole('link', { name: /^Log in/ }).count()).toBe(0)
    down = false
    vi.setSystemTime(now + 2000)
    await page.clock.setFixedTime(now + 2000)
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    await page.getByRole('button', { name: 'Book this table' }).click()
    await page.getByRole('heading', { name: 'Your table is booked' }).waitFor()
    expect(api.reservations.KR).toMatchObject([{ note: 'No peanuts, please' }])
  })
})
