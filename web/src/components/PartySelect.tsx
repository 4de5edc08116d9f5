import { useTexts } from '../texts/texts'

/** The most that any restaurant seats at once; where fewer fit, there are no times. */
const largestParty = 20

interface PartySelectProps {
  party: number
  disabled?: boolean
  onChange(party: number): void
}

/** How many will come. */
export function PartySelect({ party, disabled, onChange }: PartySelectProps) {
  const { t, count } = useTexts()
  return (
    <label className="party">
      <span>{t('times.party')}</span>
      <select value={party} disabled={disabled} onChange={(event) => onChange(Number(event.target.value))}>
        {Array.from({ length: largestParty }, (_, i) => i + 1).map((n) => (
          <option key={n} value={n}>
            {count('guests', n)}
          </option>
        ))}
      </select>
    </label>
  )
}

/** A party as an address says it; two, when it does not. */
export function partyOf(text: string | null): number {
  const party = Number(text)
  return Number.isInteger(party) && party >= 1 && party <= largestParty ? party : 2
}
