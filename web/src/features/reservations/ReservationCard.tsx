import { Link } from 'react-router'
import { now } from '../../api/clock'
import { useTexts } from '../../texts/texts'
import { restaurantPath } from '../region/region'
import { whenOf } from '../restaurant/times'
import { Offer } from './Offer'
import type { RegionalReservation } from './regionalReservation'
import { useRestaurantName } from './useRestaurantName'

export interface CardProps {
  user: string
  item: RegionalReservation
  onChange(item: RegionalReservation): void
  onLeave(item: RegionalReservation): void
  onDone(message: string): void
}

export function ReservationCard({ user, item, onChange, onLeave, onDone }: CardProps) {
  const { t, count, name, locale } = useTexts()
  const { region, reservation } = item
  const restaurant = useRestaurantName(item)
  const when = whenOf(reservation.start, reservation.time_zone, locale)
  const { status } = reservation
  const at = now()
  const upcoming = Date.parse(reservation.start) > at
  const changeable = status === 'confirmed' && Date.parse(reservation.cancel_until) > at
  return (
    <article className={`reservation ${status}`}>
      <p className="when">
        <time dateTime={reservation.start}>{when}</time>
      </p>
      <h3>
        <Link to={restaurantPath(region, reservation.restaurant_id)}>{restaurant}</Link>
      </h3>
      <ul className="facts">
        <li>{count('guests', reservation.party)}</li>
        <li>{t(`region.${region}`)}</li>
        <li className="status">{name('status', status)}</li>
        {status === 'waiting' && reservation.position !== undefined && (
          <li>{t('mine.position', { n: reservation.position })}</li>
        )}
      </ul>
      {reservation.note && <p className="hint">{`${t('mine.note')}: ${reservation.note}`}</p>}
      {status === 'confirmed' && upcoming && !changeable && <p className="hint">{t('mine.fixed')}</p>}
      {status === 'offered' && upcoming && <Offer user={user} item={item} onDone={onDone} />}
      {changeable && (
        <div className="actions">
          <button
            type="button"
            aria-label={t('mine.change.label', { restaurant, when })}
            onClick={() => onChange(item)}
          >
            {t('mine.change')}
          </button>
          <button
            type="button"
            aria-label={t('mine.cancel.label', { restaurant, when })}
            onClick={() => onLeave(item)}
          >
            {t('mine.cancel')}
          </button>
        </div>
      )}
      {status === 'waiting' && upcoming && (
        <div className="actions">
          <button
            type="button"
            aria-label={t('mine.leave.label', { restaurant, when })}
            onClick={() => onLeave(item)}
          >
            {t('mine.leave')}
          </button>
        </div>
      )}
    </article>
  )
}
