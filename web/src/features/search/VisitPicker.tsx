import { PartySelect } from '../../components/PartySelect'
import { useTexts } from '../../texts/texts'

/** The day and the party size for which the search results show free times. */
export interface Visit {
  date: string
  party: number
}

interface WhenPickerProps {
  visit: Visit
  today: string
  onVisit(visit: Visit): void
}

export function VisitPicker({ visit, today, onVisit }: WhenPickerProps) {
  const { t } = useTexts()
  return (
    <div className="search-when">
      <label className="party">
        <span>{t('times.day')}</span>
        <input
          type="date"
          value={visit.date}
          min={today}
          onChange={(event) => onVisit({ ...visit, date: event.target.value || today })}
        />
      </label>
      <PartySelect party={visit.party} onChange={(party) => onVisit({ ...visit, party })} />
    </div>
  )
}
