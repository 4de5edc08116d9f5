import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useAttempt } from '../../api/attempt'
import { api, type GuestReservation, type Region } from '../../api/client'
import { unwrap } from '../../api/problem'
import { guestsKey, refreshTimes } from '../../api/queries'
import { Dialog } from '../../components/Dialog'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { timeOf, whenOf } from '../restaurant/times'

interface GuestProps {
  region: Region
  guest: GuestReservation
  onDone(said: string): void
}

/** One line of the list, with what can be done when they come, or do not. */
export function Guest({ region, guest, onDone }: GuestProps) {
  const { t, count, name, locale } = useTexts()
  const act = useAct(region, guest)
  const [asking, setAsking] = useState(false)
  const who = guest.name ?? t('guest.unknown')
  const time = timeOf(guest.start, guest.time_zone, locale)
  const mark = (what: Act) => {
    if (!act.isPending)
      act.mutate(what, {
        onSuccess: () => {
          setAsking(false)
          onDone(t(`guest.${what}.done`, { name: who }))
        },
      })
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
      {!asking && <Problem error={act.error} />}
      {guest.status === 'confirmed' && (
        <div className="acts">
          {arrivals.map((what) => (
            <button
              key={what}
              type="button"
              aria-disabled={act.isPending}
              aria-label={t(`guest.${what}.label`, { name: who, time })}
              onClick={() => mark(what)}
            >
              {t(`guest.${what}`)}
            </button>
          ))}
          {guest.source === 'owner' && Date.parse(guest.start) > Date.now() && (
            <button
              type="button"
              aria-label={t('guest.cancel.label', { name: who, time })}
              onClick={() => setAsking(true)}
            >
              {t('mine.cancel')}
            </button>
          )}
        </div>
      )}
      {asking && (
        <Dialog
          heading={t('cancel.heading')}
          keep={t('cancel.keep')}
          confirm={t('cancel.confirm')}
          pendingLabel={t('cancel.pending')}
          pending={act.isPending}
          error={act.error}
          onConfirm={() => mark('cancel')}
          onClose={() => setAsking(false)}
        >
          <p>{t('cancel.text', { restaurant: who, when: whenOf(guest.start, guest.time_zone, locale) })}</p>
        </Dialog>
      )}
    </article>
  )
}

const arrivals = ['seat', 'no_show'] as const
const paths = {
  seat: '/v1/reservations/{id}/seat',
  no_show: '/v1/reservations/{id}/no-show',
  cancel: '/v1/reservations/{id}/cancel',
} as const
type Act = keyof typeof paths

function useAct(region: Region, guest: GuestReservation) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (what: Act) => {
      const params = {
        path: { id: guest.id },
        header: { 'Idempotency-Key': attempt.keyFor([what, guest.id]) },
      }
      return unwrap<unknown>(api[region].POST(paths[what], { params }))
    },
    onSuccess: () => {
      attempt.succeeded()
      refreshTimes(queries, region, guest.restaurant_id)
      return queries.invalidateQueries({ queryKey: guestsKey(region, guest.restaurant_id) })
    },
  })
}
