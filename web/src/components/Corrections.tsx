import type { ReactNode } from 'react'
import { type Fault, largestParty, longestQuery } from '../params'
import { useTexts } from '../texts/texts'

interface CorrectionsProps {
  /** What is wrong with the URL's parameters; undefined for those that are right. */
  faults: (Fault | undefined)[]
  /** What the visitor can do instead. */
  children?: ReactNode
}

/** Says which parts of a link could not be shown, and what is shown instead. Renders nothing for a right URL. */
export function Corrections({ faults, children }: CorrectionsProps) {
  const { t } = useTexts()
  const named = faults.filter((fault) => fault !== undefined)
  if (named.length === 0) return null
  return (
    <div className="notice" role="status">
      {named.map((fault) => (
        <p key={fault}>{t(`url.${fault}`, { party: largestParty, length: longestQuery })}</p>
      ))}
      {children}
    </div>
  )
}
