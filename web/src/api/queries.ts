import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, type FreeTime, type Region, type Reservation } from './client'
import { now } from './clock'
import { ApiError, unwrap } from './problem'

const maxRetryAfter = 30 // seconds

/** Retries reads after a transient failure, not before Retry-After; never retries a write. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        // What has failed is tried again when the visitor comes back, or the device is online again.
        refetchOnWindowFocus: (query) => query.state.status === 'error',
        refetchOnReconnect: true,
        retry: (failures, error) => failures < 3 && error instanceof ApiError && error.retryable,
        retryDelay: (failures, error) =>
          error instanceof ApiError && error.retryAfter !== undefined
            ? Math.min(error.retryAfter, maxRetryAfter) * 1000
            : 500 * 2 ** failures,
        // The browser's offline state is often wrong for a loopback address.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}

export const searchQuery = (region: Region, q: string, cuisine: string) =>
  infiniteQueryOptions({
    queryKey: ['restaurants', region, q, cuisine],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api[region].GET('/v1/restaurants', {
          params: {
            query: { q: q || undefined, cuisine: cuisine || undefined, cursor: pageParam || undefined },
          },
          signal,
        }),
      ),
    getNextPageParam: (last) => last.next_cursor,
  })

export const restaurantQuery = (region: Region, id: string) =>
  queryOptions({
    queryKey: ['restaurant', region, id],
    queryFn: ({ signal }) =>
      unwrap(api[region].GET('/v1/restaurants/{id}', { params: { path: { id } }, signal })),
  })

const availabilityKey = (region: Region, id: string) => ['availability', region, id]

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/**
 * Fetches a restaurant's times again after a change of seats: when the response that caches may serve for
 * 1 s has expired, and once more, because a second replica of the service may be 1 s behind as well.
 */
export function refreshTimes(queries: QueryClient, region: Region, id: string): void {
  for (const wait of [1100, 2200])
    setTimeout(() => void queries.invalidateQueries({ queryKey: availabilityKey(region, id) }), wait)
}

/**
 * Milliseconds until times should be fetched again because one of them opens for
 * booking; false if that is more than an hour away. A time that should be open and is
 * not is asked for each second at first, then at the usual pace.
 */
export function untilOpening(times: FreeTime[] | undefined, at = now()): number | false {
  const waits = (times ?? []).flatMap(({ opens_at }) => (opens_at ? Date.parse(opens_at) - at : []))
  const next = Math.min(...waits)
  if (!(next < hour)) return false
  return next < -pollInterval ? pollInterval : Math.max(1000, next)
}

/** An instant (milliseconds since 1970) cut to its minute, in RFC 3339. */
const minuteOf = (at: number) => new Date(at - (at % minute)).toISOString().replace('.000Z', 'Z')

/**
 * The times of a restaurant that have not begun, for `days` days from now or from a later instant
 * (`notBefore`, milliseconds since 1970); fetched again when one of them opens for booking.
 *
 * The period begins at a whole minute and the parameters have a fixed order, so that everybody who asks
 * the same within a minute uses the same URL, and a cache can answer it.
 */
export const availabilityQuery = (region: Region, id: string, party: number, days: number, notBefore = 0) =>
  queryOptions({
    queryKey: [...availabilityKey(region, id), party, days, notBefore],
    queryFn: async ({ signal }) => {
      const start = Math.max(now(), notBefore || 0)
      const from = minuteOf(start)
      const query = { from, to: minuteOf(start + days * day), party }
      const { time_zone, items } = await unwrap(
        api[region].GET('/v1/restaurants/{id}/availability', { params: { path: { id }, query }, signal }),
      )
      return { from, days, zone: time_zone, times: items }
    },
    select: (answer) => ({
      ...answer,
      times: answer.times.filter(({ start }) => Date.parse(start) > now()),
    }),
    refetchInterval: (query) => untilOpening(query.state.data?.times),
  })

/** The key includes the diner, so that the next diner at this browser does not see these. */
export const myReservationsKey = (user: string) => ['mine', user]

/** All reservations of the diner in one region. They are few, so every page is fetched. */
export const myReservationsQuery = (region: Region, user: string) =>
  queryOptions({
    queryKey: [...myReservationsKey(user), region],
    queryFn: async ({ signal }) => {
      const all: Reservation[] = []
      let cursor: string | undefined
      do {
        const page = await unwrap(
          api[region].GET('/v1/reservations', { params: { query: { limit: 50, cursor } }, signal }),
        )
        all.push(...page.items)
        cursor = page.next_cursor
      } while (cursor)
      return all
    },
    // An offer is valid for minutes only. The query library does not poll in a hidden tab.
    refetchInterval: (query) => query.state.data?.some(isOnWaitlist) && pollInterval,
  })

const pollInterval = 10_000 // milliseconds

const isOnWaitlist = ({ status }: Reservation) => status === 'waiting' || status === 'offered'

export const guestsKey = (region: Region, id: string) => ['guests', region, id]

/** An owner's day: its times and all reservations, polled because diners keep changing them. */
export const guestsQuery = (region: Region, id: string, date: string) =>
  queryOptions({
    queryKey: [...guestsKey(region, id), date],
    queryFn: async ({ signal }) => {
      const fetchPage = (cursor?: string) =>
        unwrap(
          api[region].GET('/v1/restaurants/{id}/reservations', {
            params: { path: { id }, query: { date, limit: 50, cursor } },
            signal,
          }),
        )
      let page = await fetchPage()
      const { slots, closed } = page
      const guests = page.items
      while (page.next_cursor) {
        page = await fetchPage(page.next_cursor)
        guests.push(...page.items)
      }
      return { guests, slots, closed }
    },
    refetchInterval: pollInterval,
  })

/** The schedule; null for a restaurant without one. Only the restaurant's owner may read it. */
export const scheduleQuery = (region: Region, id: string) =>
  queryOptions({
    queryKey: ['schedule', region, id],
    queryFn: async ({ signal }) => {
      try {
        return await unwrap(
          api[region].GET('/v1/restaurants/{id}/schedule', { params: { path: { id } }, signal }),
        )
      } catch (error) {
        if (error instanceof ApiError && error.reason === 'schedule_not_found') return null
        throw error
      }
    },
    staleTime: 300_000,
  })

/**
 * The times of several restaurants, at most 50, on one day of each one's own calendar. The ids are sorted,
 * so that equal questions have equal URLs; the response names them.
 */
export const dayTimesQuery = (region: Region, ids: string[], date: string, party: number) => {
  const query = { restaurant_id: [...new Set(ids)].sort(), date, party }
  return queryOptions({
    queryKey: ['availabilities', region, query],
    queryFn: async ({ signal }) => {
      const body = await unwrap(api[region].GET('/v1/availability', { params: { query }, signal }))
      return body.items
    },
    // The search results are complete without them: after a failure the next poll tries again.
    retry: false,
    refetchInterval: 3 * pollInterval,
  })
}
