import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { FakeApi } from './fakeapi.mjs'
import { realPage, skipped } from './realpage'

// What only a real browser shows: forced colours, the keys of a select, the names and texts of every control.
describe.skipIf(skipped)('in Chromium', { timeout: 120_000 }, () => {
  const open = realPage()

  /**
   * How many pixels of each colour are painted for a control; computed styles do not say
   * which colours the browser forces. The colours are in the order of their number.
   */
  const painted = async (page: Page, input: string) => {
    const face = page.locator(input).locator('xpath=..').locator('.face')
    const png = (await face.screenshot()).toString('base64')
    const blank = await page.context().newPage()
    const colours = await blank.evaluate(async (data) => {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0))
      const image = await createImageBitmap(new Blob([bytes]))
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')
      canvas?.drawImage(image, 0, 0)
      const pixels = canvas?.getImageData(0, 0, image.width, image.height).data ?? []
      const counts: Record<string, number> = {}
      for (let i = 0; i < pixels.length; i += 4) {
        const colour = pixels.slice(i, i + 3).join()
        counts[colour] = (counts[colour] ?? 0) + 1
      }
      return Object.entries(counts).sort(([, a], [, b]) => b - a)
    }, png)
    await blank.close()
    return colours.map(([colour]) => colour)
  }

  test('forced colours show the chosen day, the chosen time and the current page', async () => {
    const { page } = await open({ path: '/kr/restaurants/hanok-table', forcedColors: 'active' })
    await page.getByRole('radio', { name: /^6:00 PM/ }).check()
    for (const group of ['day', 'slot']) {
      const inputs = `input[name="${group}"]`
      const [first, second] = await page
        .locator(`${inputs}:enabled:not(:checked)`)
        .evaluateAll((all) => all.map((each) => `input[value="${(each as HTMLInputElement).value}"]`))
      const [ground, text] = await painted(page, `${inputs}:checked`)
      const [otherGround] = await painted(page, first ?? '')
      expect(ground, group).not.toBe(otherGround)
      expect(text).toBeDefined()
      // The negative control: two that are not chosen look the same.
      expect((await painted(page, second ?? ''))[0]).toBe(otherGround)
    }
    await page.getByRole('link', { name: 'Restaurants', exact: true }).click()
    const line = page.locator('nav a[aria-current]')
    expect(await line.evaluate((link) => getComputedStyle(link).textDecorationLine)).toBe('underline')
  })

  test('an arrow key in the region list leads nowhere until Enter', async () => {
    const { api, page } = await open({ path: '/kr/restaurants/hanok-table' })
    await page.getByRole('radio').first().waitFor()
    const url = page.url()
    await page.getByLabel('Region').focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('button', { name: 'Show United States' }).waitFor()
    expect(page.url()).toBe(url)
    expect(api.calls.filter((call) => call.endsWith(' US'))).toEqual([])
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Brooklyn Hearth' }).waitFor()
  })

  /** The controls whose accessible name does not contain the text that is seen on them (WCAG 2.2, 2.5.3). */
  const misnamed = async (page: Page) => {
    const { violations } = await new AxeBuilder({ page })
      .withRules('label-content-name-mismatch')
      .setLegacyMode() // no page of its own, there are no frames
      .analyze()
    return violations.flatMap(({ nodes }) => nodes.map(({ html }) => html))
  }

  test('a name that lacks the visible text is detected', async () => {
    const { page } = await open()
    await page.setContent('<main><button aria-label="Mina did not come">No-show</button></main>')
    expect(await misnamed(page)).toHaveLength(1)
  })

  const tonight = Date.parse('2026-11-24T09:00:00Z')
  const full = `hanok-table_${Date.parse('2026-11-24T10:30:00Z')}`
  const diner = (api: FakeApi) => {
    const mine = { diner: api.users[0]?.id ?? '' }
    api.seats.add('KR', 'Asia/Seoul', { slot_id: full, party: 2 }, mine, 'waiting')
    api.seats.add('KR', 'Asia/Seoul', { slot_id: `mapo-charcoal_${tonight}`, party: 2 }, mine, 'confirmed')
    const offered = api.seats.add(
      'KR',
      'Asia/Seoul',
      { slot_id: `sushi-haru_${tonight}`, party: 2 },
      mine,
      'offered',
    )
    Object.assign(offered, { offer_ends_at: new Date(tonight).toISOString() })
  }
  const owner = (api: FakeApi) => {
    api.cookie = api.owner()
    const slot_id = `hanok-table_${Date.now() - 600_000}`
    for (const status of ['confirmed', 'no_show'] as const)
      api.seats.add('KR', 'Asia/Seoul', { slot_id, party: 2 }, { diner: '', guest: { name: status } }, status)
    const later = { slot_id: `hanok-table_${tonight}`, party: 2 }
    api.seats.add('KR', 'Asia/Seoul', later, { diner: '', guest: { name: 'Jun' } }, 'confirmed')
  }
  /** The paths of a visitor, each with what shows that the page is complete. */
  const visits = {
    nobody: { '/': 'article', '/login': 'form', '/signup': 'form', '/nowhere': 'h1' },
    diner: { [`/kr/restaurants/hanok-table?slot=${full}`]: '.booking', '/reservations': '.offer' },
    owner: { '/own': '.own li', '/kr/restaurants/hanok-table/guests': '.no_show button' },
  }
  test.each([
    ['nobody', undefined, undefined],
    ['diner', 'Mina', diner],
    ['owner', undefined, owner],
  ] as const)('on all pages of %s a control’s name contains its visible text', async (who, name, prepare) => {
    const { page, base } = await open({ path: '/login', name, prepare })
    for (const [path, ready] of Object.entries(visits[who])) {
      await page.goto(base + path)
      for (const language of ['한국어', 'English']) {
        await page.getByRole('main').locator(ready).first().waitFor()
        await page.getByRole('button', { name: language }).click()
        expect(await misnamed(page), `${path} in ${language}`).toEqual([])
      }
    }
  })
})
