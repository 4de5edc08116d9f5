import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, type FreeTime, type Region, type Reservation } from './client'
import { ApiError, unwrap } from './problem'

const longestWait = 30

/** Asks again by itself when the failure is a passing one, and not before Retry-After. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 3 && error instanceof ApiError && error.passing,
        retryDelay: (failures, error) =>
          error instanceof ApiError && error.retryAfter !== undefined
            ? Math.min(error.retryAfter, longestWait) * 1000
            : 500 * 2 ** failures,
        // The browser's own idea of being offline is often wrong on a loopback address.
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
 * Has a restaurant's times asked for again after a change of seats: once the
 * second is over for which the answer before may be given to anybody.
 */
export function refreshTimes(queries: QueryClient, region: Region, id: string): void {
  setTimeout(() => void queries.invalidateQueries({ queryKey: availabilityKey(region, id) }), 1100)
}

const hour = 3_600_000

/** Milliseconds until the next of the times opens for booking, when that is near. */
function untilOpening(times: FreeTime[] | undefined): number | false {
  const waits = (times ?? []).flatMap((time) => (time.opens_at ? Date.parse(time.opens_at) - Date.now() : []))
  const next = Math.min(...waits)
  return next < hour && Math.max(1000, next)
}

/** Every time from `from` (RFC 3339) for `days` days; those that open soon are asked for again then. */
export const availabilityQuery = (region: Region, id: string, party: number, from: string, days: number) =>
  queryOptions({
    queryKey: [...availabilityKey(region, id), party, from, days],
    queryFn: async ({ signal }) => {
      const to = new Date(Date.parse(from) + days * 24 * 3600 * 1000).toISOString()
      const answer = await unwrap(
        api[region].GET('/v1/restaurants/{id}/availability', {
          params: { path: { id }, query: { from, to, party } },
          signal,
        }),
      )
      return answer.items
    },
    refetchInterval: (query) => untilOpening(query.state.data),
  })

/** The key holds the diner, so that the next one at this browser sees none of it. */
export const mineKey = (user: string) => ['mine', user]

/** All reservations of the diner in one region: those are few, so every page is fetched. */
export const mineQuery = (region: Region, user: string) =>
  queryOptions({
    queryKey: [...mineKey(user), region],
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
    // An offer stands for minutes only. Nobody asks while the page is out of sight.
    refetchInterval: (query) => query.state.data?.some(isInLine) && gently,
  })

const gently = 10_000

const isInLine = ({ status }: Reservation) => status === 'waiting' || status === 'offered'

export const guestsKey = (region: Region, id: string) => ['guests', region, id]

/** An owner's day: everybody on its list, which changes under her eyes, and its times. */
export const guestsQuery = (region: Region, id: string, date: string) =>
  queryOptions({
    queryKey: [...guestsKey(region, id), date],
    queryFn: async ({ signal }) => {
      const ask = (cursor?: string) =>
        unwrap(
          api[region].GET('/v1/restaurants/{id}/reservations', {
            params: { path: { id }, query: { date, limit: 50, cursor } },
            signal,
          }),
        )
      let page = await ask()
      const { slots, closed } = page
      const guests = page.items
      while (page.next_cursor) {
        page = await ask(page.next_cursor)
        guests.push(...page.items)
      }
      return { guests, slots, closed }
    },
    refetchInterval: gently,
  })

export const scheduleQuery = (region: Region, id: string) =>
  queryOptions({
    queryKey: ['schedule', region, id],
    queryFn: ({ signal }) =>
      unwrap(api[region].GET('/v1/restaurants/{id}/schedule', { params: { path: { id } }, signal })),
    staleTime: 300_000,
  })

/** The times of several restaurants, at most 50, on one day of each one's own calendar. */
export const dayTimesQuery = (region: Region, ids: string[], date: string, party: number) =>
  queryOptions({
    queryKey: ['availabilities', region, ids, date, party],
    queryFn: async ({ signal }) => {
      const query = { restaurant_id: ids, date, party }
      const answer = await unwrap(api[region].GET('/v1/availability', { params: { query }, signal }))
      return answer.items
    },
    // They decorate a page that stands without them: a failure waits for the next turn.
    retry: false,
    refetchInterval: 3 * gently,
  })
