import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAttempt } from '../../api/attempt'
import { api, type Reservation } from '../../api/client'
import { unwrap } from '../../api/problem'
import { myReservationsKey, myReservationsQuery, refreshTimes } from '../../api/queries'
import type { RegionalReservation } from './regionalReservation'

/** What a diner can do with a reservation; an object moves it to another time or party size. */
export type Action = 'cancel' | 'leave' | 'accept' | 'decline' | { slot_id?: string; party?: number }

/** Performs an action in the restaurant's region and updates the cached list with the result. */
export function useReservationAction(user: string, item: RegionalReservation) {
  const { region, reservation } = item
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (action: Action) => perform(item, action, attempt.keyFor([action, reservation.id])),
    onSuccess: (changed) => {
      attempt.succeeded()
      queries.setQueryData(myReservationsQuery(region, user).queryKey, (before?: Reservation[]) =>
        before?.map((each) => (each.id === changed.id ? changed : each)),
      )
      void queries.invalidateQueries({ queryKey: myReservationsKey(user) })
      refreshTimes(queries, region, reservation.restaurant_id)
    },
  })
}

async function perform(
  { region, reservation }: RegionalReservation,
  action: Action,
  key: string,
): Promise<Reservation> {
  const path = { id: reservation.id }
  const params = { path, header: { 'Idempotency-Key': key } }
  switch (action) {
    case 'cancel':
      return unwrap(api[region].POST('/v1/reservations/{id}/cancel', { params }))
    case 'accept':
      return unwrap(api[region].POST('/v1/waitlist/{id}/accept', { params }))
    case 'decline':
      return unwrap(api[region].POST('/v1/waitlist/{id}/decline', { params }))
    case 'leave':
      await unwrap(api[region].DELETE('/v1/waitlist/{id}', { params: { path } }))
      return { ...reservation, status: 'cancelled' }
    default:
      return unwrap(api[region].PATCH('/v1/reservations/{id}', { params: { path }, body: action }))
  }
}
