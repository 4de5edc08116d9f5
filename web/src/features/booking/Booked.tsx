import { useEffect, useRef } from 'react'
import { Link } from 'react-router'
import type { Reservation, Restaurant } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { whenOf } from '../restaurant/times'

/** The new reservation or waitlist entry. Replaces the form and takes the focus from its button. */
export function Booked({ restaurant, reservation }: { restaurant: Restaurant; reservation: Reservation }) {
  const { t, count, title, locale } = useTexts()
  const waiting = reservation.status === 'waiting'
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="panel booked" aria-labelledby="booked">
      <h2 id="booked" ref={heading} tabIndex={-1}>
        {t(waiting ? 'wait.done' : 'book.done')}
      </h2>
      <p className="summary">
        <strong>{title(restaurant)}</strong>
        <span>{whenOf(reservation.start, reservation.time_zone, locale)}</span>
        <span>{count('guests', reservation.party)}</span>
      </p>
      {waiting && <p>{t('mine.position', { n: reservation.position ?? 1 })}</p>}
      <p>{t(waiting ? 'wait.done.hint' : 'book.done.hint')}</p>
      <p>
        <Link className="primary" to="/reservations">
          {t('book.done.link')}
        </Link>
      </p>
    </section>
  )
}
