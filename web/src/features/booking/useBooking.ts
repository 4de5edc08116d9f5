import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAttempt } from '../../api/attempt'
import { api, type Region } from '../../api/client'
import { ApiError, unwrap } from '../../api/problem'
import { refreshTimes } from '../../api/queries'
import { clearDraft } from '../../browser/draft'

/** These refusals mean that the displayed times are out of date. */
const staleTimes = ['slot_full', 'slot_closed', 'slot_not_found', 'seats_available', 'not_open_yet']

interface BookingInput {
  /** Join the waitlist of a full time instead of booking. */
  waitlist: boolean
  slot_id: string
  party: number
  note?: string
}

/** Books a table or joins the waitlist. */
export function useBooking(region: Region, restaurant: string) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (input: BookingInput) => {
      const { waitlist, ...body } = input
      const call = { params: { header: { 'Idempotency-Key': attempt.keyFor(input) } }, body }
      return unwrap(
        waitlist ? api[region].POST('/v1/waitlist', call) : api[region].POST('/v1/reservations', call),
      )
    },
    onSuccess: () => {
      attempt.succeeded()
      clearDraft()
      void queries.invalidateQueries({ queryKey: ['mine'] })
      refreshTimes(queries, region, restaurant)
    },
    onError: (error) => {
      if (error instanceof ApiError && staleTimes.includes(error.reason))
        refreshTimes(queries, region, restaurant)
    },
  })
}
