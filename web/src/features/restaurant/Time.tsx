import type { FreeTime } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { shortWhen, type TimeState, timeOf } from './times'

interface TimeProps {
  time: FreeTime
  state: TimeState
  zone: string
  checked: boolean
  disabled: boolean
  waitlist: boolean
  onChoose(): void
}

/** One time as a radio button with its availability. */
export function Time({ time, state, zone, checked, disabled, waitlist, onChoose }: TimeProps) {
  const { t, count, locale } = useTexts()
  return (
    <label className={state === 'free' ? undefined : state}>
      <input
        type="radio"
        name="slot"
        value={time.slot_id}
        checked={checked}
        disabled={disabled || state === 'later' || (state === 'full' && !waitlist)}
        onChange={onChoose}
      />
      <span className="face">
        {/* The space separates the words for a screen reader. */}
        <span>{timeOf(time.start, zone, locale)}</span>{' '}
        {state === 'free' && time.available <= 6 && <small>{count('times.left', time.available)}</small>}
        {state === 'full' && <small>{t(waitlist ? 'times.wait' : 'times.taken')}</small>}
        {time.opens_at && <small>{t('times.opens', { when: shortWhen(time.opens_at, zone, locale) })}</small>}
      </span>
    </label>
  )
}
