import { useQueryClient } from '@tanstack/react-query'
import { Component, type ErrorInfo, type ReactNode, useEffect, useRef } from 'react'
import { Link, useLocation } from 'react-router'
import { useTexts } from '../texts/texts'

interface CatchProps {
  /** The error is forgotten when this changes. */
  place: string
  onRetry(): void
  children: ReactNode
}

interface CatchState {
  failed: boolean
  place: string
}

/** React reports errors of the components below to a class component only. */
class Catch extends Component<CatchProps, CatchState> {
  override state = { failed: false, place: this.props.place }

  static getDerivedStateFromError(): Partial<CatchState> {
    return { failed: true }
  }

  static getDerivedStateFromProps({ place }: CatchProps, state: CatchState): CatchState | null {
    return place === state.place ? null : { failed: false, place }
  }

  override componentDidCatch(error: unknown, { componentStack }: ErrorInfo): void {
    console.error('a part of the page failed', error, componentStack)
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    const retry = () => {
      this.props.onRetry()
      this.setState({ failed: false })
    }
    return <Failed onRetry={retry} />
  }
}

/**
 * Shows an explanation instead of a part of the page that has thrown an error, so
 * that the page is never blank. Going to another URL leaves the error behind; "Try
 * again" also drops the data that nothing displays, since it may be the cause.
 */
export function Boundary({ children }: { children: ReactNode }) {
  const { pathname, search } = useLocation()
  const queries = useQueryClient()
  return (
    <Catch place={pathname + search} onRetry={() => queries.removeQueries({ type: 'inactive' })}>
      {children}
    </Catch>
  )
}

function Failed({ onRetry }: { onRetry(): void }) {
  const { t } = useTexts()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <div className="page narrow" role="alert">
      <h1 ref={heading} tabIndex={-1}>
        {t('failed.heading')}
      </h1>
      <p>{t('failed.text')}</p>
      <p className="buttons">
        <button type="button" onClick={onRetry}>
          {t('retry')}
        </button>
        <Link to="/">{t('missing.home')}</Link>
      </p>
    </div>
  )
}
