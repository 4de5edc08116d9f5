import { useId } from 'react'
import { Link, useLocation } from 'react-router'
import type { FreeTime, Restaurant } from '../../api/client'
import { draftOf, saveDraft } from '../../browser/draft'
import { SubmitButton } from '../../components/SubmitButton'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'
import { whenOf } from '../restaurant/times'

interface BookingFormProps {
  restaurant: Restaurant
  /** The zone of the restaurant's times. */
  zone: string
  slot: FreeTime
  party: number
  /** The time is full: the form joins the waitlist. */
  waitlist: boolean
  pending: boolean
  error: unknown
  book(note: string): void
}

/**
 * Confirms a booking. A visitor who is not logged in gets a link to log in that returns to
 * the same time, with the note. While the page cannot tell, booking finds it out.
 */
export function BookingForm({
  restaurant,
  zone,
  slot,
  party,
  waitlist,
  pending,
  error,
  book,
}: BookingFormProps) {
  const { t, count, title, locale } = useTexts()
  const state = useSession()
  const { pathname, search } = useLocation()
  const id = useId()
  const user = state.status === 'user' ? state.user.id : ''
  const draft = draftOf(restaurant.id, user)
  return (
    <form
      className="booking"
      onChange={(event) => saveDraft(restaurant.id, user, new FormData(event.currentTarget))}
      aria-labelledby={`${id}-heading`}
      onSubmit={(event) => {
        event.preventDefault()
        if (!pending) book(String(new FormData(event.currentTarget).get('note')).trim())
      }}
    >
      <h3 id={`${id}-heading`}>{t(waitlist ? 'wait.heading' : 'book.heading')}</h3>
      <p className="summary" role="status">
        <strong>{title(restaurant)}</strong>
        <span>{whenOf(slot.start, zone, locale)}</span>
        <span>{count('guests', party)}</span>
      </p>
      {waitlist && <p className="hint">{t('wait.hint')}</p>}
      {state.status !== 'anonymous' && (
        <>
          <div className="field">
            <label htmlFor={`${id}-note`}>{t('book.note')}</label>
            <textarea
              id={`${id}-note`}
              name="note"
              rows={2}
              maxLength={500}
              defaultValue={draft('note')}
              aria-describedby={`${id}-hint`}
            />
            <p id={`${id}-hint`} className="hint">
              {t('book.note.hint')}
            </p>
          </div>
          <SubmitButton
            label={t(waitlist ? 'wait.submit' : 'book.submit')}
            pendingLabel={t(waitlist ? 'wait.pending' : 'book.pending')}
            pending={pending}
            error={error}
          />
        </>
      )}
      {state.status === 'anonymous' && (
        <>
          <Link className="primary" to={withReturn('/login', pathname + search)}>
            {t(waitlist ? 'wait.login' : 'book.login')}
          </Link>
          <p className="hint">{t(draft('note') ? 'book.login.note' : 'book.login.hint')}</p>
        </>
      )}
    </form>
  )
}
