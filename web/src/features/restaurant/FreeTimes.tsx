import type { FreeTime } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { Time } from './Time'
import { byDay, dayParts, stateOf } from './times'

interface FreeTimesProps {
  days: string[]
  times: FreeTime[]
  party: number
  zone: string
  day: string
  slot: string
  /** While a booking is pending nothing can be chosen. */
  disabled: boolean
  /** Whether a full time can be chosen, to join its waitlist. */
  waitlist: boolean
  /** Shows more days; absent when all are shown. */
  onLater?: () => void
  onDay(day: string): void
  onSlot(slot: string): void
}

/** Two radio groups: the days, and the times of the chosen day. */
export function FreeTimes({
  days,
  times,
  party,
  zone,
  day,
  slot,
  disabled,
  waitlist,
  ...on
}: FreeTimesProps) {
  const { t, count, locale } = useTexts()
  const all = byDay(times, zone)
  const free = byDay(
    times.filter((time) => stateOf(time, party) === 'free'),
    zone,
  )
  const shown = all.get(day) ?? []
  const bookable = free.get(day)?.length ?? 0
  return (
    <>
      <fieldset className="days">
        <legend>{t('times.day')}</legend>
        <div>
          {days.map((each) => {
            const { weekday, date, full } = dayParts(each, locale)
            return (
              <label key={each} className={free.has(each) ? undefined : 'full'}>
                <input
                  type="radio"
                  name="day"
                  value={each}
                  checked={each === day}
                  disabled={!all.has(each) || disabled}
                  onChange={() => on.onDay(each)}
                />
                <span className="hidden">{free.has(each) ? full : `${full}, ${t('times.day.none')}`}</span>
                <span className="face" aria-hidden="true">
                  <small>{weekday}</small>
                  <span>{date}</span>
                </span>
              </label>
            )
          })}
        </div>
        {on.onLater && (
          <button type="button" className="later-days" disabled={disabled} onClick={on.onLater}>
            {t('times.days.later')}
          </button>
        )}
      </fieldset>
      <fieldset className="times">
        <legend>
          <span>{t('times.time')}</span>
          {day && <span className="day">{dayParts(day, locale).full}</span>}
        </legend>
        {/* The times change with the party and the day, so a screen reader announces their number. */}
        <p className={bookable > 0 ? 'hidden' : 'empty'} role="status">
          {bookable > 0
            ? count('times.found', bookable)
            : shown.some((time) => stateOf(time, party) === 'full')
              ? t(waitlist ? 'times.full.wait' : 'times.full')
              : shown.length > 0
                ? t('times.later')
                : t(times.length > 0 ? 'times.empty' : 'times.none', { n: days.length })}
        </p>
        <div>
          {shown.map((time) => (
            <Time
              key={time.slot_id}
              time={time}
              state={stateOf(time, party)}
              zone={zone}
              checked={time.slot_id === slot}
              disabled={disabled}
              waitlist={waitlist}
              onChoose={() => on.onSlot(time.slot_id)}
            />
          ))}
        </div>
      </fieldset>
    </>
  )
}
