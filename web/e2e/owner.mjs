// The owner's part of the scenario: the list of a day, on a small screen.
import assert from 'node:assert/strict'

/** @param {import('./waitlist.mjs').Scenario & { korean: import('./waitlist.mjs').Schemas['Restaurant'] }} scenario */
export async function manageGuests({ page, check, log, korean }) {
  const main = page.getByRole('main')
  await page.getByRole('link', { name: 'Log in' }).click()
  await page.getByLabel('E-mail').fill('owner-kr@jari.example') // an account of infra/local/seed
  await page.getByLabel('Password').fill('local-owner-password')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'My restaurants' }).click()
  await main.getByRole('link', { name: korean.name.en, exact: true }).click()
  await main.getByRole('heading', { name: 'Enter a guest' }).waitFor()

  // Find a day that has free times: the restaurant is closed on some days, and today's rest may be sold out.
  const time = main.getByLabel('Time')
  const free = time.locator('option').filter({ hasNotText: '(0 seats left)' })
  for (let i = 0; i < 7 && (await free.count()) === 0; i++) {
    await main.getByRole('button', { name: 'The day after' }).press('Enter')
    await free
      .first()
      .waitFor({ state: 'attached', timeout: 5000 })
      .catch(() => {})
  }
  await time.selectOption(await free.first().getAttribute('value'))
  const name = `Walk-in ${Date.now()}`
  await main.getByLabel('Name').fill(name)
  await main.getByLabel('Phone (optional)').fill('010-1234-5678')
  await main.getByLabel('Is here already: seat now').press('Space')
  await main.getByRole('button', { name: 'Enter', exact: true }).press('Enter')
  await main.getByText(`${name} is on the list.`).waitFor()
  const guest = main.getByRole('article').filter({ has: page.getByRole('heading', { name }) })
  await guest.getByText('Seated').waitFor()
  assert.equal(await guest.getByRole('link').getAttribute('href'), 'tel:01012345678')
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(overflow <= 0, `the day's list is ${overflow} px wider than a 360 px screen`)
  await check('guests-narrow')
  await page.setViewportSize({ width: 1200, height: 860 })
  await check('guests')

  await main.getByRole('button', { name: 'Close this day…' }).click()
  await page.getByRole('dialog').waitFor()
  await check('close-day')
  await page.getByRole('button', { name: 'Stay open' }).click()
  log('owner entered a guest by keyboard and opened the dialog that closes a day')
}
