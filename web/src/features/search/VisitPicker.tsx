import { DayInput } from '../../components/DayInput'
import { PartySelect } from '../../components/PartySelect'

/** The day and the party size for which the search results show free times. */
export interface Visit {
  date: string
  party: number
}

interface VisitPickerProps {
  visit: Visit
  today: string
  onVisit(visit: Visit): void
}

export function VisitPicker({ visit, today, onVisit }: VisitPickerProps) {
  return (
    <div className="search-when">
      <DayInput day={visit.date} min={today} onDay={(date) => onVisit({ ...visit, date })} />
      <PartySelect party={visit.party} onChange={(party) => onVisit({ ...visit, party })} />
    </div>
  )
}
