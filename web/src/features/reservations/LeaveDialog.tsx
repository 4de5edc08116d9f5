import { Dialog } from '../../components/Dialog'
import { useTexts } from '../../texts/texts'
import { whenOf } from '../restaurant/times'
import type { RegionalReservation } from './regionalReservation'
import { useAct } from './useAct'
import { useRestaurantName } from './useRestaurantName'

interface LeaveDialogProps {
  user: string
  item: RegionalReservation
  onClose(): void
  onDone(said: string): void
}

/** Asks before a table, or a place in line, is given up: neither comes back. */
export function LeaveDialog({ user, item, onClose, onDone }: LeaveDialogProps) {
  const { t, locale } = useTexts()
  const { reservation } = item
  const restaurant = useRestaurantName(item)
  const act = useAct(user, item)
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
