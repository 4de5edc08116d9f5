import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAttempt } from '../../api/attempt'
import { api, type GuestReservation, type Region } from '../../api/client'
import { unwrap } from '../../api/problem'
import { guestsKey, refreshTimes } from '../../api/queries'

const paths = {
  seat: '/v1/reservations/{id}/seat',
  no_show: '/v1/reservations/{id}/no-show',
  undo_no_show: '/v1/reservations/{id}/undo-no-show',
  cancel: '/v1/reservations/{id}/cancel',
} as const

export type GuestAction = keyof typeof paths

/** How long before the start of the visit a guest can be seated, in milliseconds. */
const earliestSeating = 3_600_000

/** What the owner can do for a guest at `now`, in milliseconds since 1970. The service refuses everything else. */
export function actionsFor({ status, source, start, end }: GuestReservation, now: number): GuestAction[] {
  const [begins, ends] = [Date.parse(start), Date.parse(end)]
  const possible: Record<GuestAction, boolean> = {
    seat: status === 'confirmed' && now >= begins - earliestSeating && now < ends,
    no_show: status === 'confirmed' && now >= begins,
    undo_no_show: status === 'no_show' && now < ends,
    cancel: status === 'confirmed' && source === 'owner' && now < begins,
  }
  return (Object.keys(possible) as GuestAction[]).filter((action) => possible[action])
}

/** Performs an action and fetches the list of the day again. */
export function useGuestAction(region: Region, guest: GuestReservation) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (action: GuestAction) => {
      const params = {
        path: { id: guest.id },
        header: { 'Idempotency-Key': attempt.keyFor([action, guest.id]) },
      }
      return unwrap<unknown>(api[region].POST(paths[action], { params }))
    },
    onSuccess: () => {
      attempt.succeeded()
      refreshTimes(queries, region, guest.restaurant_id)
      return queries.invalidateQueries({ queryKey: guestsKey(region, guest.restaurant_id) })
    },
  })
}
