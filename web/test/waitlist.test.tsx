import { screen, waitFor, within } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { expect, test } from 'vitest'
import type { FakeApi } from './fakeapi.mjs'
import { now, openPage } from './page'

const hanok = '/kr/restaurants/hanok-table'

/** The last time of the day, 19:30 in Seoul, which is full. */
const full = `hanok-table_${Date.parse('2026-11-24T10:30:00Z')}`

async function join(user: UserEvent) {
  await user.click(await screen.findByRole('radio', { name: /^7:30 PM/ }))
  await user.click(await screen.findByRole('button', { name: 'Join the waitlist' }))
  await screen.findByRole('heading', { name: 'You are on the waitlist' })
}

test('joins the waitlist of a full time and shows the position', async () => {
  const { api, user } = await openPage({ path: hanok, name: 'Mina' })
  await join(user)
  screen.getByText('Number 1 in line')
  expect(api.reservations.KR).toMatchObject([{ slot_id: full, party: 2, status: 'waiting' }])
})

test('offers the waitlist when a chosen time sells out', async () => {
  const { api, user } = await openPage({ path: hanok, name: 'Mina' })
  await user.click(await screen.findByRole('radio', { name: /^6:00 PM/ }))
  await screen.findByRole('button', { name: 'Book this table' })
  const body = { slot_id: full.replace(/\d+$/, String(Date.parse('2026-11-24T09:00:00Z'))), party: 12 }
  api.seats.add('KR', 'Asia/Seoul', body, { diner: 'another' }, 'confirmed')
  await user.click(screen.getByRole('button', { name: 'Book this table' }))
  await screen.findByText(/somebody was faster/)
  await user.click(await screen.findByRole('button', { name: 'Join the waitlist' }))
  await screen.findByText('Number 1 in line')
})

test('shows when booking opens for a day', async () => {
  const { user } = await openPage({ path: `${hanok}?day=2026-12-06`, name: 'Mina' })
  const time = await screen.findByRole<HTMLInputElement>('radio', { name: /^6:00 PM Opens 11\/26, 9:00 AM/ })
  expect(time.disabled).toBe(true)
  screen.getByText('Booking for this day has not opened yet.')
  await user.click(time)
  expect(screen.queryByRole('button', { name: /Book this table|Join/ })).toBeNull()
})

function waiting(api: FakeApi) {
  const diner = api.users[0]?.id ?? ''
  api.seats.add('KR', 'Asia/Seoul', { slot_id: full, party: 2 }, { diner }, 'waiting')
}

test('shows an offer without a reload, with its deadline, and accepts it', async () => {
  const { api, user } = await openPage({ path: '/reservations', name: 'Mina', prepare: waiting })
  await screen.findByText('Number 1 in line')
  api.seats.free('KR', full, 2)
  const accept = await screen.findByRole('button', { name: /^Take the seats/ }, { timeout: 25_000 })
  screen.getByText(/They are held for you until .*10/)
  await user.click(accept)
  const message = await screen.findByText('Your table at Hanok Table is confirmed.')
  await waitFor(() => expect(document.activeElement).toBe(message))
  within(screen.getByRole('region', { name: 'Coming up' })).getByText('Confirmed')
})

test('declining an offer passes the seats to the next on the waitlist', async () => {
  const { api, user } = await openPage({
    path: '/reservations',
    name: 'Mina',
    prepare: (api) => {
      waiting(api)
      api.seats.add('KR', 'Asia/Seoul', { slot_id: full, party: 2 }, { diner: 'next' }, 'waiting')
      api.seats.free('KR', full, 2)
    },
  })
  await user.click(await screen.findByRole('button', { name: /^No, thank you/ }))
  await screen.findByText('The seats at Hanok Table go to the next in line.')
  expect(api.reservations.KR?.map(({ status }) => status)).toEqual(['declined', 'offered'])
})

test('leaves the waitlist after confirmation', async () => {
  const { api, user } = await openPage({ path: '/reservations', name: 'Mina', prepare: waiting })
  await user.click(await screen.findByRole('button', { name: /^Leave the line/ }))
  await user.click(screen.getByRole('button', { name: 'Yes, leave' }))
  await screen.findByText('You are no longer waiting for Hanok Table.')
  expect(api.calls.filter((call) => call.startsWith('DELETE'))).toEqual([
    `DELETE /v1/waitlist/${api.reservations.KR?.[0]?.id} KR`,
  ])
})

test('moves a reservation to another time and party size in one step', async () => {
  const { api, user } = await openPage({
    path: '/reservations',
    name: 'Mina',
    prepare: (api) => {
      const slot_id = `hanok-table_${Date.parse('2026-11-25T09:00:00Z')}`
      const diner = api.users[0]?.id ?? ''
      api.seats.add('KR', 'Asia/Seoul', { slot_id, party: 2 }, { diner }, 'confirmed')
    },
  })
  await user.click(await screen.findByRole('button', { name: /^Change Hanok Table/ }))
  const dialog = screen.getByRole('dialog')
  await user.selectOptions(within(dialog).getByLabelText('Party'), '3 guests')
  await user.click(await within(dialog).findByRole('radio', { name: /^7:00 PM/ }))
  expect(within(dialog).getByRole<HTMLInputElement>('radio', { name: /^7:30 PM/ }).disabled).toBe(true)
  await user.click(within(dialog).getByRole('button', { name: 'Change it' }))
  await screen.findByText('The reservation at Hanok Table is changed.')
  expect(api.reservations.KR).toMatchObject([{ party: 3, start: '2026-11-25T10:00:00.000Z' }])
})

test('offers no actions past the cut-off', async () => {
  await openPage({
    path: '/reservations',
    name: 'Mina',
    prepare: (api) => {
      const slot_id = `hanok-table_${now + 3_600_000}`
      api.seats.add('KR', 'Asia/Seoul', { slot_id, party: 2 }, { diner: api.users[0]?.id ?? '' }, 'confirmed')
    },
  })
  await screen.findByText(/too late to change or cancel here/)
  expect(screen.queryByRole('button', { name: /^(Change|Cancel)/ })).toBeNull()
})
