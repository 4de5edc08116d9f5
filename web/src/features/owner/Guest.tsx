import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAttempt } from '../../api/attempt'
import { api, type GuestReservation, type Region } from '../../api/client'
import { unwrap } from '../../api/problem'
import { guestsKey } from '../../api/queries'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { timeOf } from '../restaurant/times'

interface GuestProps {
  region: Region
  guest: GuestReservation
  onDone(said: string): void
}

/** One line of the list, with what can be done when they come, or do not. */
export function Guest({ region, guest, onDone }: GuestProps) {
  const { t, count, name, locale } = useTexts()
  const arrival = useArrival(region, guest)
  const who = guest.name ?? t('guest.unknown')
  const time = timeOf(guest.start, guest.time_zone, locale)
  const mark = (what: Arrival) => {
    if (!arrival.isPending)
      arrival.mutate(what, { onSuccess: () => onDone(t(`guest.${what}.done`, { name: who })) })
  }
  return (
    <article className={`reservation ${guest.status}`}>
      <p className="when">
        <time dateTime={guest.start}>{time}</time>
      </p>
      <h4>{who}</h4>
      <ul className="facts">
        <li>{count('guests', guest.party)}</li>
        <li className="status">{name('status', guest.status)}</li>
        {guest.phone && (
          <li>
            <a href={`tel:${guest.phone}`}>{guest.phone}</a>
          </li>
        )}
        {guest.source === 'owner' && <li>{t('guest.entered')}</li>}
      </ul>
      {guest.note && <p className="hint">{guest.note}</p>}
      {guest.mail_failed && <p className="fault">{t('guest.mail_failed')}</p>}
      <Problem error={arrival.error} />
      {guest.status === 'confirmed' && (
        <div className="acts">
          {arrivals.map((what) => (
            <button
              key={what}
              type="button"
              aria-disabled={arrival.isPending}
              aria-label={t(`guest.${what}.label`, { name: who, time })}
              onClick={() => mark(what)}
            >
              {t(`guest.${what}`)}
            </button>
          ))}
        </div>
      )}
    </article>
  )
}

const arrivals = ['seat', 'no_show'] as const
type Arrival = (typeof arrivals)[number]

function useArrival(region: Region, guest: GuestReservation) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (what: Arrival) => {
      const params = {
        path: { id: guest.id },
        header: { 'Idempotency-Key': attempt.keyFor([what, guest.id]) },
      }
      return unwrap(
        what === 'seat'
          ? api[region].POST('/v1/reservations/{id}/seat', { params })
          : api[region].POST('/v1/reservations/{id}/no-show', { params }),
      )
    },
    onSuccess: () => {
      attempt.succeeded()
      return queries.invalidateQueries({ queryKey: guestsKey(region, guest.restaurant_id) })
    },
  })
}
