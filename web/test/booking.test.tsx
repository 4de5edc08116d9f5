import { cleanup, screen, waitFor, within } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { type FakeApi, problem } from './fakeapi.mjs'
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
  // The first new day, Tuesday 8 December, takes the focus of the button.
  const first = await screen.findByRole('radio', { name: /^Tuesday, December 8/ })
  await waitFor(() => expect(document.activeElement).toBe(first))
  await user.click(await screen.findByRole('radio', { name: /^Saturday, December 19/ }))
  await screen.findByRole('radio', { name: /^6:00 PM/ })
  expect(screen.queryByRole('button', { name: 'Later days' })).toBeNull()
  unmount()
  await openPage({ path: `${hanok}?day=2026-12-19&party=12` })
  expect(await screen.findByRole('radio', { name: /^Saturday, December 19/ })).toHaveProperty('checked', true)
  expect(screen.getByLabelText('Party')).toHaveProperty('value', '12')
})

test('focuses the list of days when no later day has times', async () => {
  const { user } = await openPage({
    path: hanok,
    prepare: (api) => {
      for (let day = 8; day <= 22; day++)
        api.seats.closed.add(`hanok-table 2026-12-${String(day).padStart(2, '0')}`)
    },
  })
  await user.click(await screen.findByRole('button', { name: 'Later days' }))
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Later days' })).toBeNull())
  expect(document.activeElement).toBe(screen.getByRole('group', { name: 'Day' }))
})

test('says that the day of the address is not shown', async () => {
  await openPage({ path: `${hanok}?day=2027-03-01` })
  await screen.findByText(/Another day is shown/)
  cleanup()
  await openPage({ path: `${hanok}?day=2026-11-25` })
  await screen.findByRole('radio', { name: /^6:00 PM/ })
  expect(screen.queryByText(/Another day is shown/)).toBeNull()
})

/** Answers every question for times with these of 24 November, each with its start in UTC as its id. */
const offering =
  (times: object[], time_zone = 'Asia/Seoul') =>
  (api: FakeApi) =>
    api.at('GET', /availability$/, () =>
      Response.json({
        time_zone,
        items: times.map((time, i) => ({
          slot_id: String(i),
          start: `2026-11-24T${String(8 + i).padStart(2, '0')}:00:00Z`,
          available: 4,
          ...time,
        })),
      }),
    )

test('offers only what the service says can be done, and says why not', async () => {
  const { user } = await openPage({
    path: hanok,
    name: 'Mina',
    prepare: offering([
      { action: 'book' },
      { action: 'wait', available: 0 },
      { action: 'none', reason: 'party_too_large' },
      { action: 'none', reason: 'slot_closed', available: 0 },
      { action: 'none', reason: 'line_full', available: 0 },
      { action: 'none', reason: 'a_new_reason' },
      { action: 'none', reason: 'not_open_yet', opens_at: '2026-11-24T04:00:00Z' },
    ]),
  })
  const times = within(await screen.findByRole('group', { name: /^Time/ })).getAllByRole<HTMLInputElement>(
    'radio',
  )
  expect(times.map((time) => [time.labels?.[0]?.textContent, time.disabled])).toEqual([
    ['5:00 PM 4 seats left', false],
    ['6:00 PM Waitlist', false],
    ['7:00 PM Party too large', true],
    ['8:00 PM Too late to wait', true],
    ['9:00 PM Waitlist full', true],
    ['10:00 PM Not available', true],
    ['11:00 PM Opens 11/24, 1:00 PM', true],
  ])
  await user.click(times[3] as HTMLElement)
  expect(screen.queryByRole('button', { name: /Book|Join/ })).toBeNull()
  await user.click(times[1] as HTMLElement)
  await screen.findByRole('button', { name: 'Join the waitlist' })
})

test.each([
  ['slot_closed', /too late to join a waitlist/],
  ['party_too_large', /larger than any time of this day has seats/],
  ['line_full', /the waitlists are full/],
])('says for a whole day without anything to do that the reason is %s', async (reason, text) => {
  await openPage({
    path: hanok,
    prepare: offering([
      { action: 'none', reason },
      { action: 'none', reason },
    ]),
  })
  await screen.findByText(text)
})

test('a chosen time in the address that nothing can be done with is not booked', async () => {
  await openPage({
    path: `${hanok}?slot=0`,
    name: 'Mina',
    prepare: offering([{ action: 'none', reason: 'slot_closed' }]),
  })
  await screen.findByRole('radio', { name: /Too late to wait/ })
  expect(screen.queryByRole('button', { name: /Book|Join/ })).toBeNull()
})

test('shows times in UTC, and says so, when the schedule names an unknown zone', async () => {
  await openPage({ path: hanok, prepare: offering([{ action: 'book' }], 'right/Asia/Seoul') })
  await screen.findByRole('radio', { name: /^8:00 AM UTC/ })
  screen.getByText(/time zone is not known here, so times are in UTC/)
})

test('names the zone of the schedule', async () => {
  await openPage({ path: hanok, prepare: offering([{ action: 'book' }], 'America/New_York') })
  await screen.findByRole('radio', { name: /^3:00 AM/ })
  screen.getByText(/Eastern Standard Time/)
})

test('a time that has begun since the question is not offered', async () => {
  await openPage({
    path: hanok,
    prepare: (api) => {
      vi.setSystemTime(Date.parse('2026-11-24T08:00:30Z'))
      offering([{ action: 'book' }, { action: 'book' }])(api)
    },
  })
  await screen.findByRole('radio', { name: /^6:00 PM/ })
  expect(screen.queryByRole('radio', { name: /^5:00 PM/ })).toBeNull()
})

test('two pages opened within the same minute ask the same URL, in whole minutes', async () => {
  const urls: string[] = []
  for (const seconds of [1.234, 58.765]) {
    const { unmount } = await openPage({
      path: hanok,
      prepare: (api) => {
        vi.setSystemTime(now + seconds * 1000)
        api.at('GET', /availability$/, ({ url }) => {
          urls.push(url)
          return undefined
        })
      },
    })
    await screen.findByRole('radio', { name: /^6:00 PM/ })
    unmount()
  }
  expect(new Set(urls).size).toBe(1)
  const { searchParams } = new URL(urls[0] ?? '')
  expect([...searchParams]).toEqual([
    ['from', '2026-11-24T03:00:00Z'],
    ['to', '2026-12-08T03:00:00Z'],
    ['party', '2'],
  ])
})
