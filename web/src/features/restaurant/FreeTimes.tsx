import { useEffect, useRef } from 'react'
import type { FreeTime } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { Time } from './Time'
import { byDay, dayParts } from './times'

interface FreeTimesProps {
  days: string[]
  times: FreeTime[]
  zone: string
  day: string
  slot: string
  /** While a booking is pending nothing can be chosen. */
  disabled: boolean
  /** Shows more days; absent when all are shown. They are loading while `pending`. */
  later?: { pending: boolean; show(): void }
  onDay(day: string): void
  onSlot(slot: string): void
}

/** Two radio groups: the days, and the times of the chosen day. */
export function FreeTimes({ days, times, zone, day, slot, disabled, later, ...on }: FreeTimesProps) {
  const { t, count, unavailable, locale } = useTexts()
  const all = byDay(times, zone)
  const free = byDay(
    times.filter(({ action }) => action === 'book'),
    zone,
  )
  const shown = all.get(day) ?? []
  const bookable = free.get(day)?.length ?? 0
  const reasons = new Set(shown.map(({ reason }) => reason))
  const { dayList, noteDays } = useFocusOnNewDay(days, later)
  return (
    <>
      <fieldset className="days" ref={dayList} tabIndex={-1}>
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
        {later && (
          <button
            type="button"
            className="later-days"
            aria-disabled={disabled || later.pending}
            onClick={() => {
              if (disabled || later.pending) return
              noteDays()
              later.show()
            }}
          >
            {t(later.pending ? 'loading' : 'times.days.later')}
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
            : shown.some(({ action }) => action === 'wait')
              ? t('times.full.wait')
              : shown.length > 0
                ? unavailable('day', reasons.size === 1 ? shown[0]?.reason : undefined)
                : t(times.length > 0 ? 'times.empty' : 'times.none', { n: days.length })}
        </p>
        <div>
          {shown.map((time) => (
            <Time
              key={time.slot_id}
              time={time}
              zone={zone}
              checked={time.slot_id === slot}
              disabled={disabled}
              onChoose={() => on.onSlot(time.slot_id)}
            />
          ))}
        </div>
      </fieldset>
    </>
  )
}

/**
 * When the button for later days goes away, the focus moves to the first new day
 * that can be chosen, or to the list of days if there is none.
 */
function useFocusOnNewDay(days: string[], later: FreeTimesProps['later']) {
  const dayList = useRef<HTMLFieldSetElement>(null)
  const last = useRef<string>(undefined)
  useEffect(() => {
    if (later || !last.current) return
    const before = last.current
    last.current = undefined
    const choices = dayList.current?.querySelectorAll<HTMLInputElement>('input:enabled') ?? []
    const next = [...choices].find(({ value }) => value > before)
    ;(next ?? dayList.current)?.focus()
  }, [later])
  const noteDays = () => {
    last.current = days.at(-1)
  }
  return { dayList, noteDays }
}
