import { useId, useState } from 'react'
import { dayParts, isDay } from '../features/restaurant/times'
import { firstDay, lastDay } from '../params'
import { useTexts } from '../texts/texts'

/** Keys that open the browser's calendar; an arrow with Alt does so too. */
const opensCalendar = [' ', 'F4']

interface DayInputProps {
  /** The chosen day, YYYY-MM-DD. */
  day: string
  /** The first and the last day that can be chosen. */
  min?: string
  max?: string
  /** Hides the label from sight. */
  quiet?: boolean
  onDay(day: string): void
}

/**
 * A date field. While somebody types, every key can make another whole date (the year
 * 0002 on the way to 2027), so a typed day counts only on Enter or on leaving the
 * field; a day of the browser's calendar counts at once. A day that cannot be chosen
 * stays as it was typed, with the reason below.
 */
export function DayInput({ day, min = firstDay, max = lastDay, quiet = false, onDay }: DayInputProps) {
  const { t, locale } = useTexts()
  const id = useId()
  const [typing, setTyping] = useState(false)
  const [entry, setEntry] = useState({ for: day, text: day, refused: false })
  if (entry.for !== day) setEntry({ for: day, text: day, refused: false })

  const choose = (text: string) => {
    const fits = isDay(text) && text >= min && text <= max
    setEntry({ for: day, text, refused: !fits })
    if (fits && text !== day) onDay(text)
  }
  const typed = (text: string) => {
    setTyping(false)
    choose(text)
  }
  return (
    <div className="day-input">
      <label>
        <span className={quiet ? 'hidden' : undefined}>{t('times.day')}</span>
        <input
          type="date"
          value={entry.text}
          min={min}
          max={max}
          aria-invalid={entry.refused}
          aria-describedby={entry.refused ? id : undefined}
          onKeyDown={({ key, altKey, currentTarget }) => {
            if (key === 'Enter') typed(currentTarget.value)
            else setTyping(!opensCalendar.includes(key) && !altKey)
          }}
          onPointerDown={() => setTyping(false)}
          onChange={({ target }) =>
            typing ? setEntry({ for: day, text: target.value, refused: false }) : choose(target.value)
          }
          onBlur={({ target }) => typed(target.value)}
        />
      </label>
      {entry.refused && (
        <p id={id} className="fault" role="alert">
          {t(min > firstDay ? 'day.refused.from' : 'day.refused', { min: dayParts(min, locale).full })}
        </p>
      )}
    </div>
  )
}
