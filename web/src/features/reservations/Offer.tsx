import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { timeOf, whenOf } from '../restaurant/times'
import type { RegionalReservation } from './regionalReservation'
import { type Action, useReservationAction } from './useReservationAction'
import { useRestaurantName } from './useRestaurantName'

interface OfferProps {
  user: string
  item: RegionalReservation
  onDone(message: string): void
}

/** Seats that are held for a limited time: the diner accepts them or leaves them to the next on the waitlist. */
export function Offer({ user, item, onDone }: OfferProps) {
  const { t, locale } = useTexts()
  const { reservation } = item
  const restaurant = useRestaurantName(item)
  const action = useReservationAction(user, item)
  const when = whenOf(reservation.start, reservation.time_zone, locale)
  // The deadline is shown in the reader's own time zone: it is minutes away.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const respond = (response: Action, message: string) => {
    if (!action.isPending) action.mutate(response, { onSuccess: () => onDone(message) })
  }
  return (
    <div className="offer">
      {reservation.offer_ends_at && (
        <p>{t('mine.offer', { time: timeOf(reservation.offer_ends_at, zone, locale) })}</p>
      )}
      <Problem error={action.error} />
      <div className="buttons">
        <button
          type="button"
          aria-disabled={action.isPending}
          aria-label={t('mine.decline.label', { restaurant, when })}
          onClick={() => respond('decline', t('mine.declined', { restaurant }))}
        >
          {t('mine.decline')}
        </button>
        <button
          type="button"
          className="primary"
          aria-disabled={action.isPending}
          aria-label={t('mine.accept.label', { restaurant, when })}
          onClick={() => respond('accept', t('mine.accepted', { restaurant }))}
        >
          {t('mine.accept')}
        </button>
      </div>
    </div>
  )
}
