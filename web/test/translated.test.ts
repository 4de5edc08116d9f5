import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { realPage, skipped } from './realpage'

/**
 * Does to the page what a browser's translator does, for as long as it is open: every
 * text node goes into two <font> elements, and its text changes.
 */
async function translate(page: Page) {
  await page.addInitScript(() => {
    const untouched = 'script, style, title, textarea, option, font'
    const wrap = (root: Node) => {
      const texts: Text[] = []
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
      if (root instanceof Text) texts.push(root)
      while (walker.nextNode()) texts.push(walker.currentNode as Text)
      for (const text of texts) {
        if (!text.data.trim() || !text.parentElement || text.parentElement.closest(untouched)) continue
        const [outer, inner] = [document.createElement('font'), document.createElement('font')]
        text.replaceWith(outer)
        outer.append(inner)
        inner.append(`${text.data}\u2060`)
      }
    }
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        for (const added of addedNodes) wrap(added)
        if (target instanceof Text) wrap(target)
      }
    }).observe(document, { childList: true, subtree: true, characterData: true })
  })
}

/** What the reader sees, without the translator's marks. */
const textOf = async (page: Page, selector: string) =>
  (await page.locator(selector).first().innerText()).replaceAll('\u2060', '')

describe.skipIf(skipped)('a page that the browser has translated', () => {
  const open = realPage()
  const hanok = '/kr/restaurants/hanok-table'

  test('follows changes of party, day and time, and books', async () => {
    const { page, api } = await open({ path: hanok, name: 'Mina', before: translate })
    const main = page.getByRole('main')
    await main.locator('input[name="slot"]').first().waitFor()
    expect(await page.locator('font').count()).toBeGreaterThan(20)
    const party = main.locator('.party select')
    for (const size of ['6', '2', '13', '20', '1', '6', '2']) {
      await party.selectOption(size)
      await expect.poll(() => party.inputValue()).toBe(size)
      await main.locator('.times input[name="slot"]').first().waitFor({ state: 'attached' })
    }
    await main.locator('input[name="day"]:not(:disabled)').nth(1).press('Space')
    await main.locator('input[name="day"]:not(:disabled)').nth(2).press('Space')
    await main.locator('.later-days').press('Enter')
    await main.locator('input[name="slot"]:not(:disabled)').first().press('Space')
    await main.locator('form.booking').waitFor()
    await party.selectOption('3')
    await expect.poll(() => textOf(page, '.summary')).toMatch(/3 guests/)
    await party.selectOption('2')
    await expect.poll(() => textOf(page, '.summary')).toMatch(/2 guests/)
    await main.locator('form.booking button[type="submit"]').press('Enter')
    await main.locator('.booked').waitFor()
    expect(api.reservations.KR).toMatchObject([{ party: 2, status: 'confirmed' }])
    await main.locator('.booked a').press('Enter')
    await main.locator('article.reservation .actions button').last().press('Enter')
    await page.locator('dialog button[type="submit"]').press('Enter')
    await expect.poll(() => textOf(page, 'article.reservation .status')).toBe('Cancelled')
  })

  test('follows searches, the language, and logging in and out', async () => {
    const { page, api } = await open({ before: translate, prepare: (fake) => fake.signedUp('Mina') })
    const main = page.getByRole('main')
    await main.locator('article.card .card-times a').first().waitFor()
    for (const size of ['6', '2', '13', '20', '2']) {
      await main.locator('.party select').selectOption(size)
      await main
        .locator(size === '13' || size === '20' ? '.sold-out' : '.card-times')
        .first()
        .waitFor()
    }
    const search = async (word: string, found: RegExp) => {
      await main.locator('input[type="search"]').fill(word)
      await main.locator('input[type="search"]').press('Enter')
      await expect.poll(() => textOf(page, '.found')).toMatch(found)
    }
    await search('파스타', /^1 restaurant$/)
    await search('zzz', /Nothing found/)
    await search('', /^6 restaurants$/)
    await page.locator('button[lang="ko"]').press('Enter')
    await expect.poll(() => textOf(page, '.found')).toMatch(/6/)
    await expect.poll(() => textOf(page, 'h1')).not.toMatch(/[a-z]/)
    await expect.poll(() => textOf(page, '.brand')).not.toMatch(/[a-z]/)
    await page.locator('button[lang="en"]').press('Enter')
    await expect.poll(() => textOf(page, '.brand')).toBe('Jari')
    await page.locator('.tools a[href="/login"]').press('Enter')
    await main.locator('input[name="email"]').fill('mina@example.com')
    await main.locator('input[name="password"]').fill('wrong')
    await main.locator('button[type="submit"]').press('Enter')
    await main.locator('.problem').waitFor()
    await main.locator('input[name="password"]').fill('correct horse')
    await main.locator('button[type="submit"]').press('Enter')
    await page.locator('.user-name').waitFor()
    await page.locator('.tools button').last().press('Enter')
    await page.locator('.tools a[href="/login"]').waitFor()
    expect(api.cookie).toBeUndefined()
  })

  test('lets an owner enter and seat guests', async () => {
    const { page } = await open({
      path: `${hanok}/guests`,
      before: translate,
      prepare: (api) => {
        api.cookie = api.owner()
        vi.setSystemTime(Date.parse('2026-11-24T08:30:00Z')) // half an hour before the first time, so guests can be seated
      },
    })
    const main = page.getByRole('main')
    await main.locator('option[value^="hanok-table"]').first().waitFor({ state: 'attached' })
    for (const name of ['Jun', 'Sora']) {
      await main.locator('input[name="name"]').fill(name)
      await main.locator('form.panel button[type="submit"]').press('Enter')
      await expect.poll(() => textOf(page, '.status-message')).toContain(name)
    }
    await main.locator('article.reservation .actions button').first().press('Enter')
    await expect.poll(() => textOf(page, 'article.reservation .status')).toBe('Seated')
  })
})
