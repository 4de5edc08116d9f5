import type { GuestReservation } from '../../api/client'
import { Dialog } from '../../components/Dialog'
import { useTexts } from '../../texts/texts'
import { whenOf } from '../restaurant/times'

/** The actions for a guest that are asked about first. */
export type Confirmed = 'cancel' | 'no_show'

interface ConfirmDialogProps {
  action: Confirmed
  guest: GuestReservation
  guestName: string
  pending: boolean
  error: unknown
  onConfirm(): void
  onClose(): void
}

/** Asks before a guest loses the seats, and says what follows. */
export function ConfirmDialog({ action, guest, guestName, ...dialog }: ConfirmDialogProps) {
  const { t, locale } = useTexts()
  return (
    <Dialog
      {...dialog}
      heading={t(`${action}.heading`)}
      dismissLabel={t(`${action}.keep`)}
      confirmLabel={t(`${action}.confirm`)}
      pendingLabel={t(`${action}.pending`)}
    >
      <p>
        {t(`${action}.text`, { restaurant: guestName, when: whenOf(guest.start, guest.time_zone, locale) })}
      </p>
      {action === 'no_show' && guest.source === 'diner' && <p>{t('no_show.mail')}</p>}
    </Dialog>
  )
}
