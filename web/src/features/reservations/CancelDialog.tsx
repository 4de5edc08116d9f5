import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useAttempt } from '../../api/attempt'
import { api, type Reservation } from '../../api/client'
import { unwrap } from '../../api/problem'
import { availabilityKey, mineKey, mineQuery } from '../../api/queries'
import { Problem } from '../../components/Problem'
import { SubmitButton } from '../../components/SubmitButton'
import { useTexts } from '../../texts/texts'
import { whenOf } from '../restaurant/times'
import type { Placed } from './ReservationsPage'
import { useRestaurantName } from './useRestaurantName'

interface CancelDialogProps {
  user: string
  placed: Placed
  onClose(): void
  onCancelled(restaurant: string): void
}

/** Asks once more; the browser's own dialog keeps the focus inside and gives it back. */
export function CancelDialog({ user, placed, onClose, onCancelled }: CancelDialogProps) {
  const { t, locale } = useTexts()
  const { reservation } = placed
  const restaurant = useRestaurantName(placed)
  const dialog = useRef<HTMLDialogElement>(null)
  const cancel = useCancel(user, placed)

  const done = () => {
    dialog.current?.close()
    onCancelled(restaurant)
  }

  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])

  return (
    <dialog ref={dialog} aria-labelledby="cancel-heading" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!cancel.isPending) cancel.mutate(undefined, { onSuccess: done })
        }}
      >
        <h2 id="cancel-heading">{t('cancel.heading')}</h2>
        <p>
          {t('cancel.text', { restaurant, when: whenOf(reservation.start, reservation.time_zone, locale) })}
        </p>
        <Problem error={cancel.error} />
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            {t('cancel.keep')}
          </button>
          <SubmitButton
            label={t('cancel.confirm')}
            pendingLabel={t('cancel.pending')}
            pending={cancel.isPending}
            error={cancel.error}
          />
        </div>
      </form>
    </dialog>
  )
}

function useCancel(user: string, { region, reservation }: Placed) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: () =>
      unwrap(
        api[region].POST('/v1/reservations/{id}/cancel', {
          params: {
            path: { id: reservation.id },
            header: { 'Idempotency-Key': attempt.keyFor(reservation.id) },
          },
        }),
      ),
    onSuccess: (cancelled) => {
      attempt.succeeded()
      queries.setQueryData(mineQuery(region, user).queryKey, (before?: Reservation[]) =>
        before?.map((each) => (each.id === cancelled.id ? cancelled : each)),
      )
      void queries.invalidateQueries({ queryKey: mineKey(user) })
      void queries.invalidateQueries({ queryKey: availabilityKey(region, reservation.restaurant_id) })
    },
  })
}
