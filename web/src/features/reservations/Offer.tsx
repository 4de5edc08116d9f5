import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { timeOf, whenOf } from '../restaurant/times'
import type { RegionalReservation } from './regionalReservation'
import { type Act, useAct } from './useAct'
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
  const act = useAct(user, item)
  const when = whenOf(reservation.start, reservation.time_zone, locale)
  // Until when to answer is said on the reader's own clock, the one beside the page.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const answer = (what: Act, said: string) => {
    if (!act.isPending) act.mutate(what, { onSuccess: () => onDone(said) })
  }
  return (
    <div className="offer">
      {reservation.offer_ends_at && (
        <p>{t('mine.offer', { time: timeOf(reservation.offer_ends_at, zone, locale) })}</p>
      )}
      <Problem error={act.error} />
      <div className="buttons">
        <button
          type="button"
          aria-disabled={act.isPending}
          aria-label={t('mine.decline.label', { restaurant, when })}
          onClick={() => answer('decline', t('mine.declined', { restaurant }))}
        >
          {t('mine.decline')}
        </button>
        <button
          type="button"
          className="primary"
          aria-disabled={act.isPending}
          aria-label={t('mine.accept.label', { restaurant, when })}
          onClick={() => answer('accept', t('mine.accepted', { restaurant }))}
        >
          {t('mine.accept')}
        </button>
      </div>
    </div>
  )
}
