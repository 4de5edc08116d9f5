import type { FreeTime } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { isOffered, shortWhen, timeOf } from './times'

interface TimeProps {
  time: FreeTime
  zone: string
  checked: boolean
  disabled: boolean
  onChoose(): void
}

/** One time as a radio button that says what can be done with it, or why nothing. */
export function Time({ time, zone, checked, disabled, onChoose }: TimeProps) {
  const { t, count, unavailable, locale } = useTexts()
  const { action, available, opens_at } = time
  return (
    <label className={action === 'wait' ? 'full' : isOffered(time) ? undefined : opens_at ? 'later' : 'none'}>
      <input
        type="radio"
        name="slot"
        value={time.slot_id}
        checked={checked}
        disabled={disabled || !isOffered(time)}
        onChange={onChoose}
      />
      <span className="face">
        {/* The space separates the words for a screen reader. */}
        <span>{timeOf(time.start, zone, locale)}</span>{' '}
        {action === 'book' && available <= 6 && <small>{count('times.left', available)}</small>}
        {action === 'wait' && <small>{t('times.wait')}</small>}
        {!isOffered(time) && (
          <small>
            {opens_at
              ? t('times.opens', { when: shortWhen(opens_at, zone, locale) })
              : unavailable('time', time.reason)}
          </small>
        )}
      </span>
    </label>
  )
}
