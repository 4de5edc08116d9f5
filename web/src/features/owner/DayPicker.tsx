import { DayInput } from '../../components/DayInput'
import { useTexts } from '../../texts/texts'
import { dayParts } from '../restaurant/times'

/** Selects a day, with buttons for the day before and the day after. */
export function DayPicker({ date, onDate }: { date: string; onDate(date: string): void }) {
  const { t, locale } = useTexts()
  const shifted = (days: number) =>
    new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
  return (
    <div className="day-picker">
      <h2>{dayParts(date, locale).full}</h2>
      <div>
        <button type="button" onClick={() => onDate(shifted(-1))}>
          {t('day.before')}
        </button>
        <DayInput day={date} onDay={onDate} quiet />
        <button type="button" onClick={() => onDate(shifted(1))}>
          {t('day.after')}
        </button>
      </div>
    </div>
  )
}
