import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, type Region, type Reservation } from './client'
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

export const availabilityKey = (region: Region, id: string) => ['availability', region, id]

/** Free times from `from` (RFC 3339) for `days` days. */
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
  })
