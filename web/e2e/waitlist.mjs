// The waitlist part of the scenario: another diner fills a time, the visitor joins its
// waitlist, the other diner cancels, and the page shows the offer without a reload.
import assert from 'node:assert/strict'

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../src/api/schema.gen').components['schemas']} Schemas */
/**
 * `check` takes a screenshot and runs axe; `log` prints a finished step.
 * @typedef {{ page: Page, check: (name: string) => Promise<void>, log: (step: string) => void }} Scenario
 */
/** @typedef {(method: string, path: string, body?: unknown) => Promise<any>} Call */

/**
 * Signs up another diner who uses the API without the page. The calls leave the
 * visitor's cookie alone.
 * @param {Page} page @returns {Promise<Call>}
 */
export async function newOtherDiner(page) {
  const email = `other-${Date.now()}@example.com`
  const password = 'another seat by the window'
  let token = ''
  /** @type {Call} */
  const call = (method, path, body) =>
    page.evaluate(
      async ([method, path, body, token, key]) => {
        const headers = { 'x-region': 'KR', 'Idempotency-Key': key, Authorization: `Bearer ${token}` }
        const json = body && { 'Content-Type': 'application/json' }
        const response = await fetch(path, {
          method,
          credentials: 'omit',
          headers: token ? { ...headers, ...json } : { 'x-region': 'KR', ...json },
          body: body || undefined,
        })
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
        return response.json()
      },
      /** @type {const} */ ([method, path, body ? JSON.stringify(body) : '', token, crypto.randomUUID()]),
    )
  await call('POST', '/v1/users', { email, password, name: 'Other' })
  token = (await call('POST', '/v1/sessions', { email, password })).access_token
  return call
}

/** @param {Scenario & { otherDiner: Call, korean: Schemas['Restaurant'] }} scenario */
export async function waitForSeats({ page, check, log, otherDiner, korean }) {
  const main = page.getByRole('main')
  const slot = await lastFree(otherDiner, korean.id)
  const booked = await otherDiner('POST', '/v1/reservations', {
    slot_id: slot.slot_id,
    party: slot.available,
  })
  // Availability may be cached for 1 s: wait until the time shows as full.
  for (let i = 0; i < 20 && (await lastFree(otherDiner, korean.id)).slot_id === slot.slot_id; i++)
    await page.waitForTimeout(250)

  await main.getByRole('link', { name: korean.name.ko, exact: true }).first().click()
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: booked.time_zone }).format(new Date(slot.start))
  await main.locator(`input[name="day"][value="${day}"]`).focus()
  await page.keyboard.press('Space')
  await main.locator(`.full input[name="slot"][value="${slot.slot_id}"]`).focus()
  await page.keyboard.press('Space')
  await main.getByRole('button', { name: '대기 명단에 올리기' }).waitFor()
  await check('full')
  await main.getByRole('button', { name: '대기 명단에 올리기' }).press('Enter')
  await main.getByRole('heading', { name: '대기 명단에 올랐습니다' }).waitFor()
  await main.getByText('대기 1번째').waitFor()
  await check('joined')
  await main.getByRole('link', { name: '내 예약 보기' }).press('Enter')
  const accept = main.getByRole('button', { name: /자리 받기$/ })
  await main.getByText('대기 1번째').waitFor()
  assert.equal(await accept.count(), 0)
  await check('waiting')
  log('joined the waitlist of a full time, first position')

  await otherDiner('POST', `/v1/reservations/${booked.id}/cancel`)
  await accept.waitFor()
  await main.getByText(/까지 맡아 두겠습니다/).waitFor()
  await check('offered')
  await accept.press('Enter')
  await main.getByText(`${korean.name.ko} 예약이 확정되었습니다.`).waitFor()
  await check('accepted')
  log('received an offer without a reload and accepted it')
}

/**
 * The last free time of the next 11 days. Early times may be past their cut-off.
 * @param {Call} call @param {string} restaurant @returns {Promise<Schemas['FreeTime']>}
 */
async function lastFree(call, restaurant) {
  const from = new Date()
  const window = new URLSearchParams({
    from: from.toISOString(),
    to: new Date(from.getTime() + 11 * 86_400_000).toISOString(),
  })
  /** @type {{ items: Schemas['FreeTime'][] }} */
  const { items } = await call('GET', `/v1/restaurants/${restaurant}/availability?${window}`)
  const last = items
    .filter((time) => time.action === 'book' && time.available >= 2 && time.available <= 20)
    .at(-1)
  if (!last) throw new Error('no free time is left to fill')
  return last
}
