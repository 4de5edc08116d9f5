import { screen, waitFor, within } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { problem } from './fakeapi.mjs'
import { now, openPage } from './page'

const hanok = '/kr/restaurants/hanok-table'

async function pickFirstTime(user: UserEvent) {
  const times = await screen.findByRole('group', { name: /^Time/ })
  const first = within(times).getAllByRole('radio')[0]
  if (!first) throw new Error('no free time')
  await user.click(first)
}

test('books a free time and shows the confirmation', async () => {
  const { api, user } = await openPage({ path: hanok, name: 'Mina' })
  await pickFirstTime(user)
  await user.type(await screen.findByLabelText(/A word to the restaurant/), 'window seat')
  await user.click(screen.getByRole('button', { name: 'Book this table' }))
  const done = await screen.findByRole('heading', { name: 'Your table is booked' })
  expect(document.activeElement).toBe(done)
  expect(api.reservations.KR).toMatchObject([{ restaurant_id: 'hanok-table', party: 2, note: 'window seat' }])
})

test('shows times in the restaurant’s time zone, whatever the browser’s', async () => {
  await openPage({ path: hanok })
  // 09:00 UTC, whatever TZ the test runs in.
  await screen.findByRole('radio', { name: /^6:00 PM/ })
})

test('returns to the chosen time after logging in', async () => {
  const { api, user } = await openPage({ path: hanok })
  api.signedUp('Mina')
  await pickFirstTime(user)
  await user.click(screen.getByRole('link', { name: 'Log in to book' }))
  await user.type(screen.getByLabelText('E-mail'), 'mina@example.com')
  await user.type(screen.getByLabelText('Password'), 'correct horse')
  await user.click(screen.getByRole('button', { name: 'Log in' }))
  await user.click(await screen.findByRole('button', { name: 'Book this table' }))
  await screen.findByText('Your table is booked')
})

test('keeps the idempotency key after a lost response', async () => {
  let lost = 1
  const { api, user } = await openPage({
    path: hanok,
    name: 'Mina',
    prepare: (api) =>
      api.at('POST', /reservations$/, (request) => {
        if (lost-- <= 0) return undefined
        api.keys.push(request.headers.get('Idempotency-Key') ?? '')
        throw new TypeError('connection reset')
      }),
  })
  await pickFirstTime(user)
  await user.click(await screen.findByRole('button', { name: 'Book this table' }))
  await screen.findByText(/could not be reached/)
  await user.click(screen.getByRole('button', { name: 'Book this table' }))
  await screen.findByText('Your table is booked')
  expect(api.keys).toHaveLength(2)
  expect(api.keys[0]).toBe(api.keys[1])
})

test('uses another idempotency key for another time', async () => {
  const { api, user } = await openPage({
    path: hanok,
    name: 'Mina',
    prepare: (api) =>
      api.at('POST', /reservations$/, (request) => {
        api.keys.push(request.headers.get('Idempotency-Key') ?? '')
        return problem(409, 'overlap')
      }),
  })
  for (const i of [0, 2]) {
    const times = await screen.findByRole('group', { name: /^Time/ })
    await user.click(within(times).getAllByRole('radio')[i] as HTMLElement)
    await user.click(await screen.findByRole('button', { name: 'Book this table' }))
    await screen.findByText(/already have a table elsewhere/)
  }
  expect(new Set(api.keys).size).toBe(2)
})

test('explains that a time has sold out and fetches the times again', async () => {
  const { api, user } = await openPage({
    path: hanok,
    name: 'Mina',
    prepare: (api) => api.at('POST', /reservations$/, () => problem(409, 'slot_full')),
  })
  await pickFirstTime(user)
  const fetches = () => api.calls.filter((call) => call.includes('availability')).length
  const before = fetches()
  await user.click(await screen.findByRole('button', { name: 'Book this table' }))
  await screen.findByText(/somebody was faster/)
  await waitFor(() => expect(fetches()).toBe(before + 1))
})

test('disables the button until Retry-After has passed', async () => {
  const { api, user } = await openPage({
    path: hanok,
    name: 'Mina',
    prepare: (api) => {
      let busy = 1
      api.at('POST', /reservations$/, () =>
        busy-- > 0 ? problem(503, 'unavailable', { 'Retry-After': '1' }) : undefined,
      )
    },
  })
  await pickFirstTime(user)
  await user.click(await screen.findByRole('button', { name: 'Book this table' }))
  await screen.findByText(/Please try again in 1 s/)
  await user.click(screen.getByRole('button', { name: 'Try again in 1 s' }))
  expect(api.reservations.KR).toHaveLength(0)
  vi.setSystemTime(now + 1000)
  await user.click(await screen.findByRole('button', { name: 'Book this table' }))
  await screen.findByText('Your table is booked')
})

test('shows later days on request and when the URL names one', async () => {
  const { user, unmount } = await openPage({ path: hanok })
  await user.click(await screen.findByRole('button', { name: 'Later days' }))
  await user.click(await screen.findByRole('radio', { name: /^Saturday, December 19/ }))
  await screen.findByRole('radio', { name: /^6:00 PM/ })
  expect(screen.queryByRole('button', { name: 'Later days' })).toBeNull()
  unmount()
  await openPage({ path: `${hanok}?day=2026-12-19&party=12` })
  expect(await screen.findByRole('radio', { name: /^Saturday, December 19/ })).toHaveProperty('checked', true)
  expect(screen.getByLabelText('Party')).toHaveProperty('value', '12')
})
