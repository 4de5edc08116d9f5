import { useState } from 'react'
import type { GuestReservation, Region } from '../../api/client'
import { ApiError } from '../../api/problem'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { timeOf } from '../restaurant/times'
import { ConfirmDialog, type Confirmed } from './ConfirmDialog'
import { actionsFor, type GuestAction, useGuestAction } from './guestActions'

interface GuestProps {
  region: Region
  guest: GuestReservation
  /** In milliseconds since 1970. */
  now: number
  onDone(message: string): void
}

/** One guest of the list, with the actions for arrival, no-show and cancellation. */
export function Guest({ region, guest, now, onDone }: GuestProps) {
  const { t, count, name, locale } = useTexts()
  const action = useGuestAction(region, guest)
  const [confirming, setConfirming] = useState<Confirmed>()
  const guestName = guest.name || t('guest.unknown')
  const time = timeOf(guest.start, guest.time_zone, locale)
  const actions = actionsFor(guest, now)
  const perform = (chosen: GuestAction) => {
    if (!action.isPending)
      action.mutate(chosen, {
        onSuccess: () => {
          setConfirming(undefined)
          onDone(t(`guest.${chosen}.done`, { name: guestName }))
        },
      })
  }
  const choose = (chosen: GuestAction) => {
    if (chosen === 'seat' || chosen === 'undo_no_show') return perform(chosen)
    action.reset()
    setConfirming(chosen)
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
      {!confirming && <Refusal action={action.variables} error={action.error} />}
      {actions.length > 0 && (
        <div className="actions">
          {actions.map((each) => (
            <button
              key={each}
              type="button"
              aria-disabled={action.isPending}
              aria-label={t(`guest.${each}.label`, { name: guestName, time })}
              onClick={() => choose(each)}
            >
              {t(`guest.${each}`)}
            </button>
          ))}
        </div>
      )}
      {confirming && (
        <ConfirmDialog
          action={confirming}
          guest={guest}
          guestName={guestName}
          pending={action.isPending}
          error={action.error}
          onConfirm={() => perform(confirming)}
          onClose={() => setConfirming(undefined)}
        />
      )}
    </article>
  )
}

/** Explains a refusal. That the seats are taken means something else to an owner than to a diner who books. */
function Refusal({ action, error }: { action: GuestAction | undefined; error: unknown }) {
  const { t } = useTexts()
  const taken = action === 'undo_no_show' && error instanceof ApiError && error.reason === 'slot_full'
  if (!taken) return <Problem error={error} />
  return (
    <p className="problem" role="alert">
      {t('guest.undo_no_show.full')}
    </p>
  )
}
