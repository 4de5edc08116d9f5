import { Link } from 'react-router'
import { useTexts } from '../../texts/texts'
import { restaurantPath } from '../region/region'
import { whenOf } from '../restaurant/times'
import type { Placed } from './ReservationsPage'
import { useRestaurantName } from './useRestaurantName'

export function ReservationCard({ placed, onCancel }: { placed: Placed; onCancel?: () => void }) {
  const { t, count, name, locale } = useTexts()
  const { region, reservation } = placed
  const restaurant = useRestaurantName(placed)
  const when = whenOf(reservation.start, reservation.time_zone, locale)
  return (
    <article className={`reservation ${reservation.status}`}>
      <p className="when">
        <time dateTime={reservation.start}>{when}</time>
      </p>
      <h3>
        <Link to={restaurantPath(region, reservation.restaurant_id)}>{restaurant}</Link>
      </h3>
      <ul className="facts">
        <li>{count('guests', reservation.party)}</li>
        <li>{t(`region.${region}`)}</li>
        <li className="status">{name('status', reservation.status)}</li>
      </ul>
      {reservation.note && (
        <p className="hint">
          {t('mine.note')}: {reservation.note}
        </p>
      )}
      {onCancel && reservation.status === 'confirmed' && (
        <button type="button" aria-label={t('mine.cancel.label', { restaurant, when })} onClick={onCancel}>
          {t('mine.cancel')}
        </button>
      )}
    </article>
  )
}
