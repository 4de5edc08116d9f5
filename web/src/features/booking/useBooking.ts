import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAttempt } from '../../api/attempt'
import { api, type Region } from '../../api/client'
import { ApiError, unwrap } from '../../api/problem'
import { refreshTimes } from '../../api/queries'

/** After these refusals the times on show are out of date. */
const outdated = ['slot_full', 'slot_closed', 'slot_not_found', 'seats_available', 'not_open_yet']

interface Asked {
  /** At a time that is full there is no table to book, only a line to join. */
  line: boolean
  slot_id: string
  party: number
  note?: string
}

/** Books a table, or joins the line for one. */
export function useBooking(region: Region, restaurant: string) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (asked: Asked) => {
      const { line, ...body } = asked
      const call = { params: { header: { 'Idempotency-Key': attempt.keyFor(asked) } }, body }
      return unwrap(
        line ? api[region].POST('/v1/waitlist', call) : api[region].POST('/v1/reservations', call),
      )
    },
    onSuccess: () => {
      attempt.succeeded()
      void queries.invalidateQueries({ queryKey: ['mine'] })
      refreshTimes(queries, region, restaurant)
    },
    onError: (error) => {
      if (error instanceof ApiError && outdated.includes(error.reason))
        refreshTimes(queries, region, restaurant)
    },
  })
}
