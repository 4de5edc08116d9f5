import { useTexts } from '../texts/texts'

/** The largest party that the API accepts. A restaurant that takes fewer shows no times for it. */
const largestParty = 20

interface PartySelectProps {
  party: number
  disabled?: boolean
  onChange(party: number): void
}

/** Selects the party size. */
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

/** Reads the party size from a query parameter; 2 if it is missing or invalid. */
export function partyOf(text: string | null): number {
  const party = Number(text)
  return Number.isInteger(party) && party >= 1 && party <= largestParty ? party : 2
}
