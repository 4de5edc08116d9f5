// The part of the story about a time that is full: somebody else has it, the
// visitor waits, and the seats that become free are offered by themselves.
import assert from 'node:assert/strict'

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../src/api/schema.gen').components['schemas']} Schemas */
/** @typedef {{ page: Page, look: (name: string) => Promise<void>, say: (line: string) => void }} Scene */
/** @typedef {(method: string, path: string, body?: unknown) => Promise<any>} Ask */

/**
 * Somebody else, who has no browser: asks the API itself, without touching the
 * visitor's cookie.
 * @param {Page} page @returns {Promise<Ask>}
 */
export async function newRival(page) {
  const email = `rival-${Date.now()}@example.com`
  const password = 'another seat by the window'
  let token = ''
  /** @type {Ask} */
  const ask = (method, path, body) =>
    page.evaluate(
      async ([method, path, body, token, key]) => {
        const headers = { 'x-region': 'KR', 'Idempotency-Key': key, Authorization: `Bearer ${token}` }
        const json = body && { 'Content-Type': 'application/json' }
        const answer = await fetch(path, {
          method,
          credentials: 'omit',
          headers: token ? { ...headers, ...json } : { 'x-region': 'KR', ...json },
          body: body || undefined,
        })
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
        return answer.json()
      },
      /** @type {const} */ ([method, path, body ? JSON.stringify(body) : '', token, crypto.randomUUID()]),
    )
  await ask('POST', '/v1/users', { email, password, name: 'Rival' })
  token = (await ask('POST', '/v1/sessions', { email, password })).access_token
  return ask
}

/** @param {Scene & { rival: Ask, korean: Schemas['Restaurant'] }} scene */
export async function waitForASeat({ page, look, say, rival, korean }) {
  const main = page.getByRole('main')
  const slot = await lastFree(rival, korean.id)
  const taken = await rival('POST', '/v1/reservations', { slot_id: slot.slot_id, party: slot.available })
  // What is left may be a second old in everybody's eyes.
  for (let i = 0; i < 20 && (await lastFree(rival, korean.id)).slot_id === slot.slot_id; i++)
    await page.waitForTimeout(250)

  await main.getByRole('link', { name: korean.name.ko, exact: true }).first().click()
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: korean.time_zone }).format(new Date(slot.start))
  await main.locator(`input[name="day"][value="${day}"]`).focus()
  await page.keyboard.press('Space')
  await main.locator(`.full input[name="slot"][value="${slot.slot_id}"]`).focus()
  await page.keyboard.press('Space')
  await main.getByRole('button', { name: '대기 명단에 올리기' }).waitFor()
  await look('full')
  await main.getByRole('button', { name: '대기 명단에 올리기' }).press('Enter')
  await main.getByRole('heading', { name: '대기 명단에 올랐습니다' }).waitFor()
  await main.getByText('대기 1번째').waitFor()
  await look('in-line')
  await main.getByRole('link', { name: '내 예약 보기' }).press('Enter')
  const accept = main.getByRole('button', { name: /자리 받기$/ })
  await main.getByText('대기 1번째').waitFor()
  assert.equal(await accept.count(), 0)
  await look('waiting')
  say('waits at a time that is full, first in line')

  await rival('POST', `/v1/reservations/${taken.id}/cancel`)
  await accept.waitFor()
  await main.getByText(/까지 맡아 두겠습니다/).waitFor()
  await look('offered')
  await accept.press('Enter')
  await main.getByText(`${korean.name.ko} 예약이 확정되었습니다.`).waitFor()
  await look('accepted')
  say('the seats that became free were offered without a reload, and accepted')
}

/**
 * The last time of two weeks that nobody else is after: early ones are past their cut-off.
 * @param {Ask} ask @param {string} restaurant @returns {Promise<Schemas['FreeTime']>}
 */
async function lastFree(ask, restaurant) {
  const from = new Date()
  const window = new URLSearchParams({
    from: from.toISOString(),
    to: new Date(from.getTime() + 11 * 86_400_000).toISOString(),
  })
  /** @type {{ items: Schemas['FreeTime'][] }} */
  const { items } = await ask('GET', `/v1/restaurants/${restaurant}/availability?${window}`)
  const last = items.filter((time) => !time.opens_at && time.available >= 2 && time.available <= 20).at(-1)
  if (!last) throw new Error('no time is left to be filled up')
  return last
}
