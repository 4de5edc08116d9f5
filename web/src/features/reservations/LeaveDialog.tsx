import { Dialog } from '../../components/Dialog'
import { useTexts } from '../../texts/texts'
import { whenOf } from '../restaurant/times'
import type { Placed } from './ReservationsPage'
import { useAct } from './useAct'
import { useRestaurantName } from './useRestaurantName'

interface LeaveDialogProps {
  user: string
  placed: Placed
  onClose(): void
  onDone(said: string): void
}

/** Asks before a table, or a place in line, is given up: neither comes back. */
export function LeaveDialog({ user, placed, onClose, onDone }: LeaveDialogProps) {
  const { t, locale } = useTexts()
  const { reservation } = placed
  const restaurant = useRestaurantName(placed)
  const act = useAct(user, placed)
  const what = reservation.status === 'confirmed' ? 'cancel' : 'leave'
  const done = () => onDone(t(what === 'cancel' ? 'mine.cancelled' : 'mine.left', { restaurant }))
  return (
    <Dialog
      heading={t(`${what}.heading`)}
      keep={t(`${what}.keep`)}
      confirm={t(`${what}.confirm`)}
      pendingLabel={t(`${what}.pending`)}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(what, { onSuccess: done })}
      onClose={onClose}
    >
      <p>
        {t(`${what}.text`, { restaurant, when: whenOf(reservation.start, reservation.time_zone, locale) })}
      </p>
    </Dialog>
  )
}
