import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { problem } from './fakeapi.mjs'
import { openPage } from './page'

test('searches for a word and announces the number of results', async () => {
  const { user } = await openPage()
  await screen.findByText('6 restaurants')
  await user.type(screen.getByLabelText('Restaurant, dish or neighbourhood'), '파스타{Enter}')
  await screen.findByText('1 restaurant')
  expect(screen.getByRole('link', { name: 'Seongsu Pasta' })).toHaveProperty(
    'pathname',
    '/kr/restaurants/seongsu-pasta',
  )
})

test('an empty result suggests what to try next', async () => {
  const { user } = await openPage()
  await user.type(screen.getByLabelText('Restaurant, dish or neighbourhood'), 'zzz{Enter}')
  await screen.findByText(/Nothing found/)
})

test('sends the chosen region with every call and remembers it', async () => {
  const { api, user } = await openPage()
  await screen.findByText('6 restaurants')
  await user.selectOptions(screen.getByLabelText('Region'), 'United States')
  await screen.findByRole('link', { name: 'Brooklyn Hearth' })
  expect(api.calls).toContain('GET /v1/restaurants US')
  expect(localStorage.getItem('jari.region')).toBe('US')
})

test('the language button changes the texts, the lang attribute and the title', async () => {
  const { user } = await openPage()
  await user.click(screen.getByRole('button', { name: '한국어' }))
  expect(document.documentElement.lang).toBe('ko')
  expect(document.title).toBe('식당 찾기 · 자리')
  await screen.findByRole('link', { name: '한옥 식탁' })
})

test('explains a permanent failure and shows its trace id', async () => {
  await openPage({ prepare: (api) => api.at('GET', /restaurants$/, () => problem(500, 'internal')) })
  const alert = await screen.findByRole('alert')
  within(alert).getByText(/Something went wrong on our side/)
  within(alert).getByText(/4bf92f3577b34da6a3ce929d0e0e4736/)
})

test('shows more restaurants and focuses the first new one, also after a failure', async () => {
  let failures = 1
  const { user } = await openPage({
    prepare: (api) =>
      api.at('GET', /restaurants$/, (request) => {
        const { searchParams } = new URL(request.url)
        const [first = [], second = []] = [api.restaurants.KR?.slice(0, 4), api.restaurants.KR?.slice(4)]
        if (!searchParams.has('cursor')) return Response.json({ items: first, next_cursor: 'second' })
        return failures-- > 0 ? problem(400, 'invalid_query') : Response.json({ items: second })
      }),
  })
  await screen.findByText('The first 4 restaurants')
  await user.click(screen.getByRole('button', { name: 'Show more' }))
  await user.click(await screen.findByRole('button', { name: 'Try again' }))
  await screen.findByText('6 restaurants')
  expect(document.activeElement).toBe(screen.getByRole('link', { name: 'Busan Tide' }))
})

test('retries a search after a transient failure', async () => {
  let failures = 1
  await openPage({
    prepare: (api) =>
      api.at('GET', /restaurants$/, () =>
        failures-- > 0 ? problem(503, 'unavailable', { 'Retry-After': '0' }) : undefined,
      ),
  })
  await screen.findByText('6 restaurants')
})

test('a search that was given up is tried again when the device is online again', async () => {
  let reachable = false
  let calls = 0
  await openPage({
    prepare: (api) =>
      api.at('GET', /restaurants$/, () => {
        calls++
        if (reachable) return undefined
        throw new TypeError('connection refused')
      }),
  })
  await screen.findByRole('button', { name: 'Try again' }, { timeout: 20_000 })
  expect(calls).toBe(4)
  reachable = true
  for (const event of ['offline', 'online']) window.dispatchEvent(new Event(event))
  await screen.findByText('6 restaurants')
  expect(calls).toBe(5)
})

const card = async (name: string) => {
  const found = (await screen.findByRole('link', { name })).closest('article')
  if (!found) throw new Error(`${name} has no card`)
  return within(found)
}

test('each result shows today’s first free times from one request, with a link to book', async () => {
  const { api, user } = await openPage()
  const hanok = await card('Hanok Table')
  await user.click(await hanok.findByRole('link', { name: '6:00 PM' }))
  await screen.findByText('Your reservation')
  expect(api.calls.filter((call) => call.startsWith('GET /v1/availability'))).toEqual([
    'GET /v1/availability KR',
  ])
})

test('results show free times for the chosen day and party, or that the day is sold out', async () => {
  const { user } = await openPage({
    prepare: (api) => api.seats.closed.add('mapo-charcoal 2026-11-25'),
  })
  const hanok = await card('Hanok Table')
  await hanok.findByRole('link', { name: '6:30 PM' })
  await user.selectOptions(screen.getByLabelText('Party'), '4 guests')
  await waitFor(() => expect(hanok.queryByRole('link', { name: '6:30 PM' })).toBeNull())
  await hanok.findByRole('link', { name: '7:00 PM' })
  await user.selectOptions(screen.getByLabelText('Party'), '13 guests')
  await hanok.findByText('Sold out on this day')
  fireEvent.change(screen.getByLabelText('Day'), { target: { value: '2026-11-25' } })
  await hanok.findByText('Sold out on this day')
  const mapo = await card('Mapo Charcoal')
  await waitFor(() => expect(mapo.queryByText('Sold out on this day')).toBeNull())
  expect(hanok.getByRole('link', { name: 'Hanok Table' })).toHaveProperty(
    'search',
    '?party=13&day=2026-11-25',
  )
})

test('shows results when their times cannot be loaded', async () => {
  const { api } = await openPage({
    prepare: (api) => api.at('GET', /availability$/, () => problem(503, 'unavailable')),
  })
  await screen.findByText('6 restaurants')
  await waitFor(() => expect(api.calls).toContain('GET /v1/availability KR'))
  expect(screen.queryByRole('alert')).toBeNull()
})

test('a result whose schedule names an unknown zone shows its times in UTC', async () => {
  await openPage({
    prepare: (api) =>
      api.at('GET', /^\/v1\/availability$/, () => {
        const times = [{ slot_id: '1', start: '2026-11-24T09:00:00Z', available: 4, action: 'book' }]
        const items = ['hanok-table', 'mapo-charcoal'].map((restaurant_id, i) => ({
          restaurant_id,
          time_zone: i ? 'Asia/Seoul' : 'right/Asia/Seoul',
          times,
        }))
        return Response.json({ items })
      }),
  })
  await (await card('Hanok Table')).findByRole('link', { name: '9:00 AM UTC' })
  await (await card('Mapo Charcoal')).findByRole('link', { name: '6:00 PM' })
})

test('a restaurant without a name does not hide the other results', async () => {
  await openPage({
    prepare: (api) => Object.assign(api.restaurants.KR?.[0] ?? {}, { name: undefined }),
  })
  await screen.findByRole('link', { name: 'hanok-table' })
  await screen.findByRole('link', { name: 'Mapo Charcoal' })
})

test('the same results in another order ask for times with the same URL', async () => {
  const urls: string[] = []
  for (const reversed of [false, true]) {
    const { unmount } = await openPage({
      prepare: (api) => {
        if (reversed) api.restaurants.KR?.reverse()
        api.at('GET', /^\/v1\/availability$/, ({ url }) => {
          urls.push(url)
          return undefined
        })
      },
    })
    await (await card('Hanok Table')).findByRole('link', { name: '6:00 PM' })
    unmount()
  }
  expect(new Set(urls).size).toBe(1)
})
