import { useId } from 'react'
import { Link, useLocation } from 'react-router'
import type { FreeTime, Restaurant } from '../../api/client'
import { SubmitButton } from '../../components/SubmitButton'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'
import { whenOf } from '../restaurant/times'

interface BookingFormProps {
  restaurant: Restaurant
  slot: FreeTime
  party: number
  /** The time is full: what is asked for is a place in line. */
  line: boolean
  pending: boolean
  error: unknown
  book(note: string): void
}

/** The last look before booking; a visitor is sent to log in and comes back to the same time. */
export function BookingForm({ restaurant, slot, party, line, pending, error, book }: BookingFormProps) {
  const { t, count, pick, locale } = useTexts()
  const state = useSession()
  const { pathname, search } = useLocation()
  const id = useId()
  return (
    <form
      className="booking"
      aria-labelledby={`${id}-heading`}
      onSubmit={(event) => {
        event.preventDefault()
        if (!pending) book(String(new FormData(event.currentTarget).get('note')).trim())
      }}
    >
      <h3 id={`${id}-heading`}>{t(line ? 'wait.heading' : 'book.heading')}</h3>
      <p className="summary" role="status">
        <strong>{pick(restaurant.name)}</strong>
        <span>{whenOf(slot.start, restaurant.time_zone, locale)}</span>
        <span>{count('guests', party)}</span>
      </p>
      {line && <p className="hint">{t('wait.hint')}</p>}
      {state.status === 'user' && (
        <>
          <div className="field">
            <label htmlFor={`${id}-note`}>{t('book.note')}</label>
            <textarea
              id={`${id}-note`}
              name="note"
              rows={2}
              maxLength={500}
              aria-describedby={`${id}-hint`}
            />
            <p id={`${id}-hint`} className="hint">
              {t('book.note.hint')}
            </p>
          </div>
          <SubmitButton
            label={t(line ? 'wait.submit' : 'book.submit')}
            pendingLabel={t(line ? 'wait.pending' : 'book.pending')}
            pending={pending}
            error={error}
          />
        </>
      )}
      {state.status === 'anonymous' && (
        <>
          <Link className="primary" to={withReturn('/login', pathname + search)}>
            {t(line ? 'wait.login' : 'book.login')}
          </Link>
          <p className="hint">{t('book.login.hint')}</p>
        </>
      )}
    </form>
  )
}
