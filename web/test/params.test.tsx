import { screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { openPage } from './page'

const hanok = '/kr/restaurants/hanok-table'

test('a day beyond the days shown is named, and the nearest days are offered', async () => {
  const { user } = await openPage({ path: `${hanok}?day=2027-03-01&party=4` })
  await screen.findByText(/later than the days that can be shown/)
  await user.click(await screen.findByRole('button', { name: 'Sunday, December 20' }))
  expect(await screen.findByRole('radio', { name: /^Sunday, December 20/ })).toHaveProperty('checked', true)
  expect(screen.queryByText(/later than the days/)).toBeNull()
  expect(screen.getByLabelText('Party')).toHaveProperty('value', '4')
})

test('a day that is past is named', async () => {
  await openPage({ path: `${hanok}?day=2026-11-01` })
  await screen.findByText(/The day in the link is past/)
  await screen.findByRole('button', { name: 'Tuesday, November 24' })
})

test('a chosen time that is no longer offered is named', async () => {
  await openPage({ path: `${hanok}?slot=hanok-table_1`, name: 'Mina' })
  await screen.findByText(/chosen time is no longer offered/)
  expect(screen.queryByRole('button', { name: 'Book this table' })).toBeNull()
})

test('the search names what is wrong with its link and shows what it can', async () => {
  await openPage({ path: '/?day=2026-02-30&party=99&cuisine=martian' })
  await screen.findByText('6 restaurants')
  screen.getByText(/not a day of the calendar/)
  screen.getByText(/you can choose 1 to 20/)
  screen.getByText(/cuisine in the link is not known/)
  expect(screen.getByLabelText('Day')).toHaveProperty('value', '2026-11-24')
  expect(screen.getByLabelText('Party')).toHaveProperty('value', '2')
})

test('a search result without times on the day says so', async () => {
  await openPage({ path: '/?day=2026-11-30' }) // a Monday
  await waitFor(() => expect(screen.getAllByText('No times on this day')).toHaveLength(6))
})

test('a search result whose times open later says when', async () => {
  await openPage({ path: '/?day=2026-12-06' })
  await waitFor(() => expect(screen.getAllByText('Opens 11/26, 9:00 AM')).toHaveLength(6))
})

test('the owner’s list names a date that is not in the calendar and shows today', async () => {
  await openPage({
    path: `${hanok}/guests?date=2026-99-99`,
    prepare: (api) => {
      api.cookie = api.owner()
    },
    loggedIn: true,
  })
  await screen.findByRole('heading', { name: 'Tuesday, November 24' })
  screen.getByText(/not a day of the calendar/)
})

test('somebody who is logged in does not see the log-in form', async () => {
  await openPage({ path: '/login?to=%2Freservations', name: 'Mina' })
  await screen.findByRole('heading', { name: 'My reservations' })
  expect(screen.queryByLabelText('Password')).toBeNull()
})
