import { type KeyboardEvent, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { type Region, regions } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { useRegion } from './region'

/**
 * Selects the region. A change of region leads to another page, so it needs an explicit choice
 * (WCAG 2.2, 3.2.2 On Input): an option of the open list, or, for those who look through the
 * options of the closed list with the keyboard, Enter or the button that appears.
 */
export function RegionSelect() {
  const { t } = useTexts()
  const { region, choose } = useRegion()
  const navigate = useNavigate()
  const [candidate, setCandidate] = useState<Region>()
  const select = useRef<HTMLSelectElement>(null)
  // A closed list changes its value while a key is down; an open one when an option is chosen.
  const keyDown = useRef(false)

  // The current page shows the old region, so a change leads back to the search.
  const change = (chosen: Region) => {
    setCandidate(undefined)
    select.current?.focus() // the button goes away
    choose(chosen)
    navigate('/')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Space, and an arrow together with Alt, open the list.
    keyDown.current = event.key !== ' ' && !event.altKey
    if (event.key === 'Enter' && candidate) {
      event.preventDefault()
      change(candidate)
    }
    if (event.key === 'Escape') setCandidate(undefined)
  }

  return (
    <div className="region">
      <label>
        <span className="hidden">{t('nav.region')}</span>
        <select
          ref={select}
          value={candidate ?? region}
          onKeyDown={onKeyDown}
          onKeyUp={() => {
            keyDown.current = false
          }}
          onBlur={() => {
            keyDown.current = false
          }}
          onChange={(event) => {
            const chosen = event.target.value as Region
            if (!keyDown.current) change(chosen)
            else setCandidate(chosen === region ? undefined : chosen)
          }}
        >
          {regions.map((code) => (
            <option key={code} value={code}>
              {t(`region.${code}`)}
            </option>
          ))}
        </select>
      </label>
      {candidate && (
        <button type="button" onClick={() => change(candidate)}>
          {t('nav.region.show', { region: t(`region.${candidate}`) })}
        </button>
      )}
    </div>
  )
}
