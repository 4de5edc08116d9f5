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
  /** Nothing can be chosen while a booking is on its way. */
  fixed: boolean
  /** Whether a time that is full may be chosen, to wait for seats at it. */
  waitlist: boolean
  /** Shows more days, where there are more to be shown. */
  onLater?: () => void
  onDay(day: string): void
  onSlot(slot: string): void
}

/** Some days and the times of the chosen one, as two radio groups. */
export function FreeTimes({ days, times, party, zone, day, slot, fixed, waitlist, ...on }: FreeTimesProps) {
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
                  disabled={!all.has(each) || fixed}
                  onChange={() => on.onDay(each)}
                />
                <span className="hidden">
                  {full}
                  {!free.has(each) && `, ${t('times.day.none')}`}
                </span>
                <span className="face" aria-hidden="true">
                  <small>{weekday}</small>
                  <span>{date}</span>
                </span>
              </label>
            )
          })}
        </div>
        {on.onLater && (
          <button type="button" className="later-days" disabled={fixed} onClick={on.onLater}>
            {t('times.days.later')}
          </button>
        )}
      </fieldset>
      <fieldset className="times">
        <legend>
          {t('times.time')}
          {day && <span>{dayParts(day, locale).full}</span>}
        </legend>
        {/* What is on show follows the party and the day, so it is also said. */}
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
              fixed={fixed}
              waitlist={waitlist}
              onChoose={() => on.onSlot(time.slot_id)}
            />
          ))}
        </div>
      </fieldset>
    </>
  )
}
