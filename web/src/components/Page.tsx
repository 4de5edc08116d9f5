import { type ReactNode, useEffect, useRef } from 'react'
import { useLocation, useNavigationType } from 'react-router'
import { useTexts } from '../texts/texts'

interface PageProps {
  /** The title of the browser tab. */
  title: string
  /** The h1. It takes the focus after a link was followed, so a screen reader reads it out. */
  heading: ReactNode
  /** Content above the heading, such as a link back. */
  above?: ReactNode
  className?: string
  children: ReactNode
}

/** A page: sets the tab's title and, after a link was followed, scrolls to the top and focuses the heading. */
export function Page({ title, heading, above, className, children }: PageProps) {
  const { t } = useTexts()
  const top = useRef<HTMLHeadingElement>(null)
  const { pathname } = useLocation()
  const arrivedBy = useNavigationType()

  useEffect(() => {
    document.title = t('title.page', { page: title })
  }, [t, title])

  // A followed link starts at the top of the new page. The first load and going
  // back (both POP) are left to the browser, which restores the scroll position.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the path is a new page
  useEffect(() => {
    if (arrivedBy === 'POP') return
    window.scrollTo(0, 0)
    top.current?.focus({ preventScroll: true })
  }, [pathname])

  return (
    <div className={`page ${className ?? ''}`}>
      {above}
      <h1 ref={top} tabIndex={-1}>
        {heading}
      </h1>
      {children}
    </div>
  )
}
