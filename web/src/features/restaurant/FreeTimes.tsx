import type { FreeTime } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { byDay, dayParts, timeOf } from './times'

interface FreeTimesProps {
  days: string[]
  times: FreeTime[]
  zone: string
  day: string
  slot: string
  onDay(day: string): void
  onSlot(slot: string): void
}

/** Two weeks of days and the free times of the chosen one, as two radio groups. */
export function FreeTimes({ days, times, zone, day, slot, onDay, onSlot }: FreeTimesProps) {
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
                  disabled={none}
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
        {shown.length === 0 && (
          <p className="empty">{times.length === 0 ? t('times.none') : t('times.empty')}</p>
        )}
        <div>
          {shown.map((time) => (
            <label key={time.slot_id}>
              <input
                type="radio"
                name="slot"
                value={time.slot_id}
                checked={time.slot_id === slot}
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
