import { PartySelect } from '../../components/PartySelect'
import { useTexts } from '../../texts/texts'

/** For which day, and for how many, the hits show what is free. */
export interface Wish {
  date: string
  party: number
}

interface WhenPickerProps {
  wish: Wish
  today: string
  onWish(wish: Wish): void
}

export function WhenPicker({ wish, today, onWish }: WhenPickerProps) {
  const { t } = useTexts()
  return (
    <div className="search-when">
      <label className="party">
        <span>{t('times.day')}</span>
        <input
          type="date"
          value={wish.date}
          min={today}
          onChange={(event) => onWish({ ...wish, date: event.target.value || today })}
        />
      </label>
      <PartySelect party={wish.party} onChange={(party) => onWish({ ...wish, party })} />
    </div>
  )
}
