import { largestParty } from '../params'
import { useTexts } from '../texts/texts'

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
      <select
        name="party"
        value={party}
        disabled={disabled}
        onChange={(event) => onChange(Number(event.target.value))}
      >
        {Array.from({ length: largestParty }, (_, i) => i + 1).map((n) => (
          <option key={n} value={n}>
            {count('guests', n)}
          </option>
        ))}
      </select>
    </label>
  )
}
