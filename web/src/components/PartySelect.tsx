import { useTexts } from '../texts/texts'

interface PartySelectProps {
  party: number
  largest?: number
  disabled?: boolean
  onChange(party: number): void
}

/** How many will come; more than a diner's usual most stay choosable for whoever has them already. */
export function PartySelect({ party, largest = 8, disabled, onChange }: PartySelectProps) {
  const { t, count } = useTexts()
  return (
    <label className="party">
      <span>{t('times.party')}</span>
      <select value={party} disabled={disabled} onChange={(event) => onChange(Number(event.target.value))}>
        {Array.from({ length: Math.max(largest, party) }, (_, i) => i + 1).map((n) => (
          <option key={n} value={n}>
            {count('guests', n)}
          </option>
        ))}
      </select>
    </label>
  )
}
