import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useAttempt } from '../../api/attempt'
import { api, type GuestReservation, type Region } from '../../api/client'
import { now } from '../../api/clock'
import { unwrap } from '../../api/problem'
import { guestsKey, refreshTimes } from '../../api/queries'
import { Dialog } from '../../components/Dialog'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { timeOf, whenOf } from '../restaurant/times'

interface GuestProps {
  region: Region
  guest: GuestReservation
  onDone(message: string): void
}

/** One guest of the list, with the actions for arrival, no-show and cancellation. */
export function Guest({ region, guest, onDone }: GuestProps) {
  const { t, count, name, locale } = useTexts()
  const action = useGuestAction(region, guest)
  const [confirming, setConfirming] = useState(false)
  const guestName = guest.name ?? t('guest.unknown')
  const time = timeOf(guest.start, guest.time_zone, locale)
  const mark = (kind: Action) => {
    if (!action.isPending)
      action.mutate(kind, {
        onSuccess: () => {
          setConfirming(false)
          onDone(t(`guest.${kind}.done`, { name: guestName }))
        },
      })
  }
  return (
    <article className={`reservation ${guest.status}`}>
      <p className="when">
        <time dateTime={guest.start}>{time}</time>
      </p>
      <h4>{guestName}</h4>
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
      {!confirming && <Problem error={action.error} />}
      {guest.status === 'confirmed' && (
        <div className="actions">
          {attendance.map((kind) => (
            <button
              key={kind}
              type="button"
              aria-disabled={action.isPending}
              aria-label={t(`guest.${kind}.label`, { name: guestName, time })}
              onClick={() => mark(kind)}
            >
              {t(`guest.${kind}`)}
            </button>
          ))}
          {guest.source === 'owner' && Date.parse(guest.start) > now() && (
            <button
              type="button"
              aria-label={t('guest.cancel.label', { name: guestName, time })}
              onClick={() => setConfirming(true)}
            >
              {t('mine.cancel')}
            </button>
          )}
        </div>
      )}
      {confirming && (
        <Dialog
          heading={t('cancel.heading')}
          dismissLabel={t('cancel.keep')}
          confirmLabel={t('cancel.confirm')}
          pendingLabel={t('cancel.pending')}
          pending={action.isPending}
          error={action.error}
          onConfirm={() => mark('cancel')}
          onClose={() => setConfirming(false)}
        >
          <p>
            {t('cancel.text', { restaurant: guestName, when: whenOf(guest.start, guest.time_zone, locale) })}
          </p>
        </Dialog>
      )}
    </article>
  )
}

const attendance = ['seat', 'no_show'] as const
const paths = {
  seat: '/v1/reservations/{id}/seat',
  no_show: '/v1/reservations/{id}/no-show',
  cancel: '/v1/reservations/{id}/cancel',
} as const
type Action = keyof typeof paths

function useGuestAction(region: Region, guest: GuestReservation) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (kind: Action) => {
      const params = {
        path: { id: guest.id },
        header: { 'Idempotency-Key': attempt.keyFor([kind, guest.id]) },
      }
      return unwrap<unknown>(api[region].POST(paths[kind], { params }))
    },
    onSuccess: () => {
      attempt.succeeded()
      refreshTimes(queries, region, guest.restaurant_id)
      return queries.invalidateQueries({ queryKey: guestsKey(region, guest.restaurant_id) })
    },
  })
}
