import { type ReactNode, useEffect, useRef } from 'react'
import { useLocation, useNavigationType } from 'react-router'
import { useTexts } from '../texts/texts'

interface PageProps {
  /** For the tab. */
  title: string
  /** Stands above the content; also what a screen reader hears after following a link. */
  heading: ReactNode
  /** A line above the heading. */
  before?: ReactNode
  className?: string
  children: ReactNode
}

/** A page with its title, its heading and, after a link was followed, the focus. */
export function Page({ title, heading, before, className, children }: PageProps) {
  const { t } = useTexts()
  const top = useRef<HTMLHeadingElement>(null)
  const { pathname } = useLocation()
  const arrivedBy = useNavigationType()

  useEffect(() => {
    document.title = t('title.page', { page: title })
  }, [t, title])

  // A new page starts at its top. The first one of a visit (POP) is left to the
  // browser, as is going back, which restores the place the reader left.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another path is another page
  useEffect(() => {
    if (arrivedBy === 'POP') return
    window.scrollTo(0, 0)
    top.current?.focus({ preventScroll: true })
  }, [pathname])

  return (
    <div className={`page ${className ?? ''}`}>
      {before}
      <h1 ref={top} tabIndex={-1}>
        {heading}
      </h1>
      {children}
    </div>
  )
}
