import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, type FreeTime, type Region, type Reservation } from './client'
import { now } from './clock'
import { ApiError, unwrap } from './problem'
import type { paths } from './schema.gen'

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

/**
 * Fetches a restaurant's times again after a change of seats. It waits until
 * the previous response, which caches may serve for 1 s, has expired.
 */
export function refreshTimes(queries: QueryClient, region: Region, id: string): void {
  setTimeout(() => void queries.invalidateQueries({ queryKey: availabilityKey(region, id) }), 1100)
}

const hour = 3_600_000

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

/** Every time from `from` (RFC 3339) for `days` days; fetched again when one of them opens for booking. */
export const availabilityQuery = (region: Region, id: string, party: number, from: string, days: number) =>
  queryOptions({
    queryKey: [...availabilityKey(region, id), party, from, days],
    queryFn: async ({ signal }) => {
      const to = new Date(Date.parse(from) + days * 24 * 3600 * 1000).toISOString()
      const body = await unwrap(
        api[region].GET('/v1/restaurants/{id}/availability', {
          params: { path: { id }, query: { from, to, party } },
          signal,
        }),
      )
      return body.items
    },
    refetchInterval: (query) => untilOpening(query.state.data),
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

export const scheduleQuery = (region: Region, id: string) =>
  queryOptions({
    queryKey: ['schedule', region, id],
    queryFn: ({ signal }) =>
      unwrap(api[region].GET('/v1/restaurants/{id}/schedule', { params: { path: { id } }, signal })),
    staleTime: 300_000,
  })

type DayTimesBody = paths['/v1/availability']['get']['responses'][200]['content']['application/json']

/** A restaurant's times of one day, with its zone. */
export type DayTimes = DayTimesBody['items'][number]

/** The times of several restaurants, at most 50, on one day of each one's own calendar. */
export const dayTimesQuery = (region: Region, ids: string[], date: string, party: number) =>
  queryOptions({
    queryKey: ['availabilities', region, ids, date, party],
    queryFn: async ({ signal }) => {
      const query = { restaurant_id: ids, date, party }
      const body = await unwrap(api[region].GET('/v1/availability', { params: { query }, signal }))
      return body.items
    },
    // The search results are complete without them: after a failure the next poll tries again.
    retry: false,
    refetchInterval: 3 * pollInterval,
  })
