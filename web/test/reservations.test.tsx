import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { type FakeApi, problem } from './fakeapi.mjs'
import { openPage } from './page'

function reservation(api: FakeApi, region: 'KR' | 'US', restaurant_id: string, days: number) {
  const start = Date.now() + days * 86_400_000
  api.reservations[region]?.push({
    id: `${region}-${days}`,
    slot_id: '1',
    restaurant_id,
    start: new Date(start).toISOString(),
    end: new Date(start + 5_400_000).toISOString(),
    cancel_until: new Date(start - 7_200_000).toISOString(),
    time_zone: region === 'KR' ? 'Asia/Seoul' : 'America/New_York',
    party: 2,
    status: 'confirmed',
    created_at: new Date().toISOString(),
    diner: api.users[0]?.id ?? '',
  })
}

const prepare = (api: FakeApi) => {
  reservation(api, 'KR', 'hanok-table', 5)
  reservation(api, 'US', 'brooklyn-hearth', 2)
  reservation(api, 'KR', 'mapo-charcoal', -3)
}

test('lists the reservations of both regions, the next one first', async () => {
  await openPage({ path: '/reservations', name: 'Mina', prepare })
  for (const name of ['Brooklyn Hearth', 'Hanok Table', 'Mapo Charcoal'])
    await screen.findByRole('link', { name })
  const links = within(screen.getByRole('main')).getAllByRole('link')
  expect(links.map((link) => link.textContent)).toEqual(['Brooklyn Hearth', 'Hanok Table', 'Mapo Charcoal'])
  expect(screen.getAllByRole('button', { name: /^Cancel/ })).toHaveLength(2)
})

/** Changes the diner's second Korean reservation. */
const spoiled = (change: object) => (api: FakeApi) => {
  prepare(api)
  Object.assign(api.reservations.KR?.[1] ?? {}, change)
}

test.each([
  ['an unknown time zone', spoiled({ time_zone: 'right/Asia/Seoul' })],
  ['no time', spoiled({ start: undefined, end: undefined, cancel_until: 'soon' })],
  ['no status and no party', spoiled({ status: undefined, party: undefined })],
])('a reservation with %s hides none of the others', async (_, prepare) => {
  await openPage({ path: '/reservations', name: 'Mina', prepare })
  for (const name of ['Brooklyn Hearth', 'Hanok Table', 'Mapo Charcoal'])
    await screen.findByRole('link', { name })
  expect(screen.getAllByRole('article')).toHaveLength(3)
})

test('a reservation with an unknown time zone is shown in UTC, and says so', async () => {
  await openPage({
    path: '/reservations',
    name: 'Mina',
    prepare: spoiled({ time_zone: 'right/Asia/Seoul' }),
  })
  await screen.findByText('Saturday, November 21 at 3:00 AM UTC')
})

test('a restaurant without a name is called by its id', async () => {
  await openPage({
    path: '/reservations',
    name: 'Mina',
    prepare: (api) => {
      prepare(api)
      for (const each of api.restaurants.KR ?? []) Object.assign(each, { name: undefined })
    },
  })
  for (const name of ['Brooklyn Hearth', 'hanok-table', 'mapo-charcoal'])
    await screen.findByRole('link', { name })
})

test('cancels a reservation in its own region', async () => {
  const { api, user } = await openPage({ path: '/reservations', name: 'Mina', prepare })
  await screen.findByRole('link', { name: 'Brooklyn Hearth' })
  await user.click(screen.getByRole('button', { name: /^Cancel Brooklyn Hearth/ }))
  await user.click(screen.getByRole('button', { name: 'Yes, cancel it' }))
  const message = await screen.findByText('The reservation at Brooklyn Hearth is cancelled.')
  await waitFor(() => expect(document.activeElement).toBe(message))
  expect(api.calls).toContain('POST /v1/reservations/US-2/cancel US')
  expect(api.calls).not.toContain('POST /v1/reservations/US-2/cancel KR')
})

test('names a region that fails and still shows the other', async () => {
  await openPage({
    path: '/reservations',
    name: 'Mina',
    prepare: (api) => {
      prepare(api)
      api.at('GET', /reservations$/, (request) =>
        request.headers.get('x-region') === 'US' ? problem(500, 'internal') : undefined,
      )
    },
  })
  await screen.findByText(/could not be loaded: United States/)
  await screen.findByRole('link', { name: 'Hanok Table' })
})

test('redirects to the log-in page without a session', async () => {
  await openPage({ path: '/reservations' })
  await screen.findByRole('heading', { name: 'Welcome back' })
})

test('signing up logs in, and logging out ends the session', async () => {
  const { api, user } = await openPage({ path: '/signup' })
  await user.type(screen.getByLabelText('Name'), 'Jun')
  await user.type(screen.getByLabelText('E-mail'), 'jun@example.com')
  await user.type(screen.getByLabelText('Password'), 'long enough it is')
  await user.click(screen.getByRole('button', { name: 'Sign up' }))
  await screen.findByText('Logged in as Jun')
  await user.click(screen.getByRole('button', { name: 'Log out' }))
  await screen.findByRole('link', { name: 'Log in' })
  expect(api.cookie).toBeUndefined()
})
