import type { FreeTime } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { byDay, dayParts, timeOf } from './times'

interface FreeTimesProps {
  days: string[]
  times: FreeTime[]
  zone: string
  day: string
  slot: string
  /** Nothing can be chosen while a booking is on its way. */
  fixed: boolean
  onDay(day: string): void
  onSlot(slot: string): void
}

/** Two weeks of days and the free times of the chosen one, as two radio groups. */
export function FreeTimes({ days, times, zone, day, slot, fixed, onDay, onSlot }: FreeTimesProps) {
  const { t, count, locale } = useTexts()
  const free = byDay(times, zone)
  const shown = free.get(day) ?? []
  return (
    <>
      <fieldset className="days">
        <legend>{t('times.day')}</legend>
        <div>
          {days.map((each) => {
            const { weekday, date, full } = dayParts(each, locale)
            const none = !free.has(each)
            return (
              <label key={each}>
                <input
                  type="radio"
                  name="day"
                  value={each}
                  checked={each === day}
                  disabled={none || fixed}
                  onChange={() => onDay(each)}
                />
                <span className="hidden">
                  {full}
                  {none && `, ${t('times.day.none')}`}
                </span>
                <span className="face" aria-hidden="true">
                  <small>{weekday}</small>
                  <span>{date}</span>
                </span>
              </label>
            )
          })}
        </div>
      </fieldset>
      <fieldset className="times">
        <legend>
          {t('times.time')}
          {day && <span>{dayParts(day, locale).full}</span>}
        </legend>
        {/* What is on show follows the party and the day, so it is also said. */}
        <p className={shown.length > 0 ? 'hidden' : 'empty'} role="status">
          {shown.length > 0
            ? count('times.found', shown.length)
            : times.length > 0
              ? t('times.empty')
              : t('times.none')}
        </p>
        <div>
          {shown.map((time) => (
            <label key={time.slot_id}>
              <input
                type="radio"
                name="slot"
                value={time.slot_id}
                checked={time.slot_id === slot}
                disabled={fixed}
                onChange={() => onSlot(time.slot_id)}
              />
              <span className="face">
                {timeOf(time.start, zone, locale)}
                {time.available <= 6 && <small>{count('times.left', time.available)}</small>}
              </span>
            </label>
          ))}
        </div>
      </fieldset>
    </>
  )
}
