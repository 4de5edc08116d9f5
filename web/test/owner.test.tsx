import { cleanup, screen, waitFor, within } from '@testing-library/react'
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

/** The clock stands at some minutes after the guest's time. */
const at = (minutes: number) => () => vi.setSystemTime(tonight + minutes * 60_000)

test('the list shows name, phone and note, and seats a guest', async () => {
  const { api, user } = await openDay(at(-30))
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
    at(10)()
    Object.assign(api.reservations.KR?.[0] ?? {}, { mail_failed: 'refused' })
    api.at('POST', /no-show$/, () => problem(409, 'not_no_show'))
  })
  await screen.findByText(/E-mail does not reach this guest/)
  await user.click(screen.getByRole('button', { name: /^No-show: Mina/ }))
  await user.click(screen.getByRole('button', { name: 'Yes, mark as no-show' }))
  await screen.findByText(/Only a confirmed reservation whose time has come/)
})

test('a no-show cannot be marked before the time, nor a guest be seated hours before it', async () => {
  await openDay()
  await screen.findByRole('heading', { name: 'Mina' })
  expect(screen.queryByRole('button', { name: /Mina/ })).toBeNull()
  cleanup()
  await openDay(at(-1))
  await screen.findByRole('button', { name: /^Seat Mina/ })
  expect(screen.queryByRole('button', { name: /^No-show/ })).toBeNull()
})

test('a no-show is marked only after a confirmation that says when the mail goes', async () => {
  const { api, user } = await openDay(at(10))
  await user.click(await screen.findByRole('button', { name: /^No-show: Mina/ }))
  const dialog = within(screen.getByRole('dialog', { name: 'Mark this guest as a no-show?' }))
  dialog.getByText(/An e-mail tells the guest in five minutes/)
  await user.click(dialog.getByRole('button', { name: 'Not yet' }))
  expect(api.reservations.KR?.[0]?.status).toBe('confirmed')
  await user.click(screen.getByRole('button', { name: /^No-show: Mina/ }))
  await user.click(screen.getByRole('button', { name: 'Yes, mark as no-show' }))
  await screen.findByText('Mina did not come.')
  expect(api.reservations.KR?.[0]?.status).toBe('no_show')
})

test('the confirmation of a guest without an account promises no mail', async () => {
  const { user } = await openDay((api) => {
    at(10)()
    const body = { slot_id: `hanok-table_${tonight}`, party: 3 }
    api.seats.add('KR', 'Asia/Seoul', body, { diner: '', guest: { name: 'Jun' } }, 'confirmed')
  })
  await user.click(await screen.findByRole('button', { name: /^No-show: Jun/ }))
  screen.getByText(/You can undo this until the visit ends/)
  expect(screen.queryByText(/An e-mail tells the guest/)).toBeNull()
})

function absent(minutes: number) {
  return (api: FakeApi) => {
    at(minutes)()
    Object.assign(api.reservations.KR?.[0] ?? {}, { status: 'no_show' })
  }
}

test('a no-show can be undone until the visit ends', async () => {
  const { api, user } = await openDay((api) => {
    absent(89)(api)
    api.at('POST', /undo-no-show$/, (request) => {
      api.keys.push(request.headers.get('Idempotency-Key') ?? '')
      return undefined
    })
  })
  await user.click(await screen.findByRole('button', { name: 'Undo no-show: Mina, 6:00 PM' }))
  const message = await screen.findByText('Mina is on the list again.')
  await waitFor(() => expect(document.activeElement).toBe(message))
  expect(api.reservations.KR?.[0]?.status).toBe('confirmed')
  expect(api.keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  cleanup()
  await openDay(absent(90))
  await screen.findByText('Not attended')
  expect(screen.queryByRole('button', { name: /^Undo/ })).toBeNull()
})

test('a no-show whose seats have been given away says so instead of being undone', async () => {
  const { user } = await openDay((api) => {
    absent(10)(api)
    const body = { slot_id: `hanok-table_${tonight}`, party: 12 }
    api.seats.add('KR', 'Asia/Seoul', body, { diner: '', guest: { name: 'Jun' } }, 'seated')
  })
  await user.click(await screen.findByRole('button', { name: /^Undo no-show/ }))
  await screen.findByText(/The seats have been given away/)
})

test('a diner at an owner’s list sees only why there is none and a way out', async () => {
  const { api, user } = await openPage({ path: '/kr/restaurants/hanok-table/guests', name: 'Mina' })
  await screen.findByText(/Only the owner and the staff of this restaurant/)
  const main = within(screen.getByRole('main'))
  expect(main.queryByRole('form')).toBeNull()
  expect(main.queryAllByRole('button')).toEqual([])
  expect(api.calls.filter((call) => call.includes('/hanok-table/'))).toEqual([])
  await user.click(main.getByRole('link', { name: 'See the restaurant' }))
  await screen.findByRole('heading', { name: 'Free times' })
})

test('an owner whose access has ended sees only why there is no list', async () => {
  await openDay((api) => api.at('GET', /(schedule|reservations)$/, () => problem(403, 'forbidden')))
  await screen.findByText(/Only the owner and the staff of this restaurant/)
  expect(screen.queryByRole('button', { name: 'Enter' })).toBeNull()
})

test('the owner’s today is that of the schedule’s zone, of the region without a schedule', async () => {
  const late = Date.parse('2026-11-24T16:00:00Z') // 01:00 on the 25th in Seoul, 11:00 on the 24th in New York
  await openDay((api) => {
    vi.setSystemTime(late)
    api.at('GET', /schedule$/, () => Response.json({ time_zone: 'America/New_York', dining_minutes: 90 }))
  })
  await screen.findByRole('heading', { name: 'Tuesday, November 24' })
  cleanup()
  const { api } = await openDay((api) => {
    vi.setSystemTime(late)
    api.at('GET', /schedule$/, () => problem(404, 'schedule_not_found'))
  })
  await screen.findByRole('heading', { name: 'Wednesday, November 25' })
  await screen.findByText('Nobody is on the list of this day.')
  expect(api.calls.filter((call) => call.includes('schedule'))).toHaveLength(1)
})

test('a day that does not exist in the address of the list is today', async () => {
  await openPage({
    path: '/kr/restaurants/hanok-table/guests?date=2026-99-99',
    prepare: (api) => {
      api.cookie = api.owner()
    },
    loggedIn: true,
  })
  await screen.findByRole('heading', { name: 'Tuesday, November 24' })
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
