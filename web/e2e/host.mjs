// The part of the story that an owner tells: her list of a day, on a small screen.
import assert from 'node:assert/strict'

/** @param {import('./line.mjs').Scene & { korean: import('./line.mjs').Schemas['Restaurant'] }} scene */
export async function host({ page, look, say, korean }) {
  const main = page.getByRole('main')
  await page.getByRole('link', { name: 'Log in' }).click()
  await page.getByLabel('E-mail').fill('owner-kr@jari.example') // as infra/local/seed makes her
  await page.getByLabel('Password').fill('local-owner-password')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'My restaurants' }).click()
  await main.getByRole('link', { name: korean.name.en, exact: true }).click()
  await main.getByRole('heading', { name: 'Enter a guest' }).waitFor()

  // The first day that has times: some days have none.
  const times = main.getByLabel('Time').locator('option')
  for (let i = 0; i < 7 && (await times.count()) === 0; i++) {
    await main.getByRole('button', { name: 'The day after' }).press('Enter')
    await times
      .first()
      .waitFor({ state: 'attached', timeout: 5000 })
      .catch(() => {})
  }
  const name = `Walk-in ${Date.now()}`
  await main.getByLabel('Name').fill(name)
  await main.getByLabel('Phone (optional)').fill('010-1234-5678')
  await main.getByLabel('Is here already: seat now').press('Space')
  await main.getByRole('button', { name: 'Enter', exact: true }).press('Enter')
  await main.getByText(`${name} is on the list.`).waitFor()
  const guest = main.getByRole('article').filter({ has: page.getByRole('heading', { name }) })
  await guest.getByText('Seated').waitFor()
  assert.equal(await guest.getByRole('link').getAttribute('href'), 'tel:010-1234-5678')
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(overflow <= 0, `the day's list is ${overflow} px wider than a 360 px screen`)
  await look('guests-narrow')
  await page.setViewportSize({ width: 1200, height: 860 })
  await look('guests')

  await main.getByRole('button', { name: 'Close this day…' }).click()
  await page.getByRole('dialog').waitFor()
  await look('close-day')
  await page.getByRole('button', { name: 'Stay open' }).click()
  say('an owner entered a guest without a mouse, and left the day open')
}
