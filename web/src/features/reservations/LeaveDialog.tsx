import { Dialog } from '../../components/Dialog'
import { useTexts } from '../../texts/texts'
import { whenOf } from '../restaurant/times'
import type { RegionalReservation } from './regionalReservation'
import { useReservationAction } from './useReservationAction'
import { useRestaurantName } from './useRestaurantName'

interface LeaveDialogProps {
  user: string
  item: RegionalReservation
  onClose(): void
  onDone(message: string): void
}

/** Confirms cancelling a reservation or leaving the waitlist: neither can be undone. */
export function LeaveDialog({ user, item, onClose, onDone }: LeaveDialogProps) {
  const { t, locale } = useTexts()
  const { reservation } = item
  const restaurant = useRestaurantName(item)
  const action = useReservationAction(user, item)
  const kind = reservation.status === 'confirmed' ? 'cancel' : 'leave'
  const done = () => onDone(t(kind === 'cancel' ? 'mine.cancelled' : 'mine.left', { restaurant }))
  return (
    <Dialog
      heading={t(`${kind}.heading`)}
      dismissLabel={t(`${kind}.keep`)}
      confirmLabel={t(`${kind}.confirm`)}
      pendingLabel={t(`${kind}.pending`)}
      pending={action.isPending}
      error={action.error}
      onConfirm={() => action.mutate(kind, { onSuccess: done })}
      onClose={onClose}
    >
      <p>
        {t(`${kind}.text`, { restaurant, when: whenOf(reservation.start, reservation.time_zone, locale) })}
      </p>
    </Dialog>
  )
}
