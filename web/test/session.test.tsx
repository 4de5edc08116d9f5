import { screen, within } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { draftOf } from '../src/browser/draft'
import { problem } from './fakeapi.mjs'
import { openPage } from './page'

const hanok = '/kr/restaurants/hanok-table'

test('a token that expired at the tap is renewed, and the booking sent again with its key', async () => {
  const { api, user } = await openPage({ path: hanok, name: 'Mina' })
  const times = await screen.findByRole('group', { name: /^Time/ })
  await user.click(within(times).getAllByRole('radio')[0] as HTMLElement)
  api.tokens.clear()
  const keys: (string | null)[] = []
  api.at('POST', /reservations$/, (request) => {
    keys.push(request.headers.get('Idempotency-Key'))
    return undefined
  })
  await user.click(await screen.findByRole('button', { name: 'Book this table' }))
  await screen.findByText('Your table is booked')
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
  expect(api.reservations.KR).toHaveLength(1)
})

test('an owner’s entry survives a session that ends at the tap', async () => {
  const { api, user } = await openPage({
    path: `${hanok}/guests?date=2026-11-25`,
    prepare: (api) => {
      api.cookie = api.owner()
    },
    loggedIn: true,
  })
  await user.selectOptions(
    await screen.findByLabelText('Time'),
    await screen.findByRole('option', { name: /^7:00 PM/ }),
  )
  await user.selectOptions(screen.getByLabelText('Party'), '5 guests')
  await user.type(screen.getByLabelText('Name'), 'Jun')
  await user.type(screen.getByLabelText('Note'), 'no peanuts')
  api.cookie = undefined
  api.tokens.clear()
  await user.click(screen.getByRole('button', { name: 'Enter' }))
  await user.type(await screen.findByLabelText('E-mail'), 'owner-kr@jari.example')
  await user.type(screen.getByLabelText('Password'), 'local-owner-password')
  await user.click(screen.getByRole('button', { name: 'Log in' }))
  await screen.findByRole('option', { name: /^7:00 PM/ })
  await user.click(screen.getByRole('button', { name: 'Enter' }))
  await screen.findByText('Jun is on the list.')
  expect(api.reservations.KR).toMatchObject([
    { party: 5, note: 'no peanuts', start: '2026-11-25T10:00:00.000Z', guest: { name: 'Jun' } },
  ])
  expect(screen.getByLabelText('Name')).toHaveProperty('value', '')
})

test('logging out forgets what was typed', async () => {
  const { user } = await openPage({ path: hanok, name: 'Mina' })
  const times = await screen.findByRole('group', { name: /^Time/ })
  await user.click(within(times).getAllByRole('radio')[0] as HTMLElement)
  await user.type(await screen.findByLabelText(/A word to the restaurant/), 'no peanuts')
  expect(draftOf('hanok-table', '')('note')).toBe('no peanuts')
  await user.click(screen.getByRole('button', { name: 'Log out' }))
  await screen.findByRole('link', { name: 'Log in' })
  expect(draftOf('hanok-table', '')('note')).toBe('')
})

test('a missing connection is not called busy', async () => {
  let failures = 1
  await openPage({
    prepare: (api) =>
      api.at('GET', /restaurants$/, () => {
        if (failures-- > 0) throw new TypeError('connection refused')
        return undefined
      }),
  })
  await screen.findByText(/There is no connection to Jari/)
  await screen.findByText('6 restaurants')
})

test('a refresh that is unavailable leaves the visitor logged in and says to try again', async () => {
  const { api, user } = await openPage({ path: hanok, name: 'Mina' })
  const times = await screen.findByRole('group', { name: /^Time/ })
  await user.click(within(times).getAllByRole('radio')[0] as HTMLElement)
  await user.type(await screen.findByLabelText(/A word to the restaurant/), 'no peanuts')
  api.tokens.clear()
  api.at('POST', /refresh$/, () => problem(503, 'unavailable'))
  await user.click(screen.getByRole('button', { name: 'Book this table' }))
  await screen.findByText(/cannot answer right now/)
  expect(screen.getByLabelText(/A word to the restaurant/)).toHaveProperty('value', 'no peanuts')
  screen.getByRole('button', { name: 'Book this table' })
  screen.getByText('Logged in as Mina')
})

async function signUp(user: UserEvent) {
  await user.type(await screen.findByLabelText('Name'), 'Ria')
  await user.type(screen.getByLabelText('E-mail'), 'ria@jari.example')
  await user.type(screen.getByLabelText('Password'), 'a long password')
  await user.click(screen.getByRole('button', { name: 'Sign up' }))
}

test('an account that arrives in this region a moment later is logged in', async () => {
  let missing = 2
  const { api, user } = await openPage({
    path: '/signup',
    prepare: (api) =>
      api.at('POST', /\/sessions$/, () => (missing-- > 0 ? problem(401, 'bad_credentials') : undefined)),
  })
  await signUp(user)
  await screen.findByText('Ria')
  expect(api.calls.filter((call) => call.startsWith('POST /v1/users '))).toHaveLength(1)
  expect(missing).toBe(-1)
})

test('after a sign-up whose log-in fails the page asks to log in, and makes no second account', async () => {
  const { api, user } = await openPage({
    path: '/signup',
    prepare: (api) => api.at('POST', /\/sessions$/, () => problem(503, 'unavailable')),
  })
  await signUp(user)
  await screen.findByText('Your account is there. Please log in.')
  expect(api.calls.filter((call) => call.startsWith('POST /v1/users '))).toHaveLength(1)
})

test('a sign-up that cannot be written names no region', async () => {
  const { user } = await openPage({
    path: '/signup',
    prepare: (api) => api.at('POST', /\/users$/, () => problem(503, 'region_unreachable')),
  })
  await signUp(user)
  expect((await screen.findByRole('alert')).textContent).not.toMatch(/Korea|United States/)
})
