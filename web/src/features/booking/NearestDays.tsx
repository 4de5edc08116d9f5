import type { FreeTime } from '../../api/client'
import type { Fault } from '../../params'
import { useTexts } from '../../texts/texts'
import { dayIn, dayParts } from '../restaurant/times'

/** The two days with free times that are nearest to a day before or after all of them. */
export function nearestDays(fault: Fault, times: FreeTime[], zone: string): string[] {
  const free = times.filter(({ action }) => action === 'book')
  const days = [...new Set(free.map(({ start }) => dayIn(zone, start)))]
  return fault === 'day.far' ? days.slice(-2) : days.slice(0, 2)
}

/** Offers days instead of one that cannot be shown. */
export function NearestDays({ days, onDay }: { days: string[]; onDay(day: string): void }) {
  const { t, locale } = useTexts()
  if (days.length === 0) return null
  return (
    <>
      <p>{t('url.day.nearest')}</p>
      <p className="buttons">
        {days.map((day) => (
          <button key={day} type="button" onClick={() => onDay(day)}>
            {dayParts(day, locale).full}
          </button>
        ))}
      </p>
    </>
  )
}
