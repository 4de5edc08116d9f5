import { screen, waitFor, within } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { type FakeApi, problem } from './fakeapi.mjs'
import { openPage } from './page'

const tonight = Date.parse('2026-11-24T09:00:00Z')

async function openDay(prepare: (api: FakeApi) => void = () => {}) {
  return openPage({
    path: '/kr/restaurants/hanok-table/guests',
    prepare: (api) => {
      api.cookie = api.owner()
      const diner = api.signedUp('Mina', 'mina@example.com', 'correct horse', '01012345678').id
      const body = { slot_id: `hanok-table_${tonight}`, party: 2, note: 'by the window' }
      api.seats.add('KR', 'Asia/Seoul', body, { diner }, 'confirmed')
      prepare(api)
    },
    loggedIn: true,
  })
}

test('an owner can open the guest list of each restaurant', async () => {
  const { user } = await openPage({
    prepare: (api) => {
      api.cookie = api.owner()
    },
    loggedIn: true,
  })
  await user.click(await screen.findByRole('link', { name: 'My restaurants' }))
  await user.click(await screen.findByRole('link', { name: 'Hanok Table' }))
  await screen.findByText('Nobody is on the list of this day.')
})

test('a diner sees no link to a guest list', async () => {
  await openPage({ name: 'Mina' })
  await screen.findByText('Logged in as Mina')
  expect(screen.queryByRole('link', { name: 'My restaurants' })).toBeNull()
})

test('the list shows name, phone and note, and seats a guest', async () => {
  const { api, user } = await openDay()
  await screen.findByRole('heading', { name: 'Mina' })
  screen.getByRole('link', { name: '01012345678' })
  screen.getByText('by the window')
  await user.click(screen.getByRole('button', { name: /^Seat Mina, 6:00 PM/ }))
  const message = await screen.findByText('Mina is seated.')
  await waitFor(() => expect(document.activeElement).toBe(message))
  expect(api.reservations.KR?.[0]?.status).toBe('seated')
  await waitFor(() => expect(screen.queryByRole('button', { name: /^Seat/ })).toBeNull())
})

test('enters a guest without an account and seats a walk-in at once', async () => {
  const { api, user } = await openDay()
  await user.selectOptions(
    await screen.findByLabelText('Time'),
    await screen.findByRole('option', { name: /^7:00 PM/ }),
  )
  await user.selectOptions(screen.getByLabelText('Party'), '5 guests')
  await user.type(screen.getByLabelText('Name'), 'Jun')
  await user.type(screen.getByLabelText('Phone (optional)'), '010-9999-8888')
  await user.click(screen.getByLabelText('Is here already: seat now'))
  await user.click(screen.getByRole('button', { name: 'Enter' }))
  await screen.findByText('Jun is on the list.')
  const guest = (await screen.findByRole('heading', { name: 'Jun' })).closest('article') as HTMLElement
  within(guest).getByText('Seated')
  within(guest).getByText('Entered by you')
  expect(api.reservations.KR?.[1]).toMatchObject({ party: 5, guest: { phone: '010-9999-8888' } })
})

test('marks a guest whose mail failed and explains a refused action', async () => {
  const { user } = await openDay((api) => {
    Object.assign(api.reservations.KR?.[0] ?? {}, { mail_failed: 'refused' })
    api.at('POST', /no-show$/, () => problem(409, 'not_no_show'))
  })
  await screen.findByText(/E-mail does not reach this guest/)
  await user.click(screen.getByRole('button', { name: /^No-show: Mina/ }))
  await screen.findByText(/Only a confirmed reservation whose time has come/)
})

test('closes a day with a reason after confirmation and opens it again', async () => {
  const { api, user } = await openDay()
  await screen.findByRole('heading', { name: 'Mina' })
  await user.click(screen.getByRole('button', { name: 'Close this day…' }))
  await user.type(screen.getByLabelText(/^Reason/), 'a burst pipe')
  await user.click(screen.getByRole('button', { name: 'Yes, close the day' }))
  await screen.findByText('The day is closed; reservations cancelled: 1.')
  await screen.findByText('Cancelled')
  await user.click(screen.getByRole('button', { name: 'Open this day again' }))
  await screen.findByText('The day takes bookings again.')
  expect(api.calls.filter((call) => call.includes('closures'))).toEqual([
    'POST /v1/restaurants/hanok-table/closures KR',
    'DELETE /v1/restaurants/hanok-table/closures/2026-11-24 KR',
  ])
})

test('preselects the time that has begun, for a walk-in', async () => {
  const { api, user } = await openDay(() => vi.setSystemTime(tonight + 40 * 60_000))
  await screen.findByRole('option', { name: '6:30 PM (3 seats left)' })
  await user.type(screen.getByLabelText('Name'), 'Jun')
  await user.click(screen.getByRole('button', { name: 'Enter' }))
  await screen.findByText('Jun is on the list.')
  expect(api.reservations.KR?.[1]?.slot_id).toBe(`hanok-table_${tonight + 30 * 60_000}`)
})

test('does not list a time whose visit is over', async () => {
  await openDay(() => vi.setSystemTime(tonight + 125 * 60_000))
  await screen.findByRole('option', { name: /^6:30 PM/ })
  await waitFor(() => expect(screen.queryByRole('option', { name: /^6:00 PM/ })).toBeNull())
})

test('an owner can cancel an owner entry after confirmation, but not a diner’s booking', async () => {
  const { api, user } = await openDay((api) => {
    const body = { slot_id: `hanok-table_${tonight}`, party: 3 }
    api.seats.add('KR', 'Asia/Seoul', body, { diner: '', guest: { name: 'Jun' } }, 'confirmed')
  })
  await user.click(await screen.findByRole('button', { name: 'Cancel Jun, 6:00 PM' }))
  expect(screen.queryByRole('button', { name: /^Cancel Mina/ })).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Yes, cancel it' }))
  await screen.findByText('The booking of Jun is cancelled.')
  expect(api.reservations.KR?.map(({ status }) => status)).toEqual(['confirmed', 'cancelled'])
})

test('offers to open a day that is already closed', async () => {
  await openDay((api) => api.seats.closed.add('hanok-table 2026-11-24'))
  await screen.findByRole('button', { name: 'Open this day again' })
  expect(screen.queryByRole('button', { name: 'Close this day…' })).toBeNull()
})
