import { useEffect, useState } from 'react'
import { now } from '../api/clock'
import { ApiError } from '../api/problem'
import { useTexts } from '../texts/texts'

interface ProblemProps {
  error: unknown
  /** Shows a button to try again, enabled once Retry-After has passed. */
  retry?: () => void
}

/** Explains an error with a text of the catalogue; renders nothing without an error. */
export function Problem({ error, retry }: ProblemProps) {
  const { t, problem } = useTexts()
  if (!error) return null
  const known = error instanceof ApiError ? error : new ApiError(500)
  return (
    <div className="problem" role="alert">
      <p>{problem(known)}</p>
      {known.status >= 500 && known.traceId && (
        <p className="trace">
          <small>{t('problem.trace', { trace: known.traceId })}</small>
        </p>
      )}
      {retry && <RetryButton error={known} retry={retry} />}
    </div>
  )
}

/** A button to try again, enabled once Retry-After has passed. */
export function RetryButton({ error, retry }: { error: ApiError; retry: () => void }) {
  const { t } = useTexts()
  const left = useRetryCountdown(error)
  return (
    <button type="button" aria-disabled={left > 0} onClick={() => left === 0 && retry()}>
      {left > 0 ? t('retry.in', { seconds: left }) : t('retry')}
    </button>
  )
}

/** Seconds until a failed call may be repeated (Retry-After), counting down. */
export function useRetryCountdown(error: unknown): number {
  const retryAfter = error instanceof ApiError ? (error.retryAfter ?? 0) : 0
  const [wait, setWait] = useState({ error, until: 0, left: 0 })
  if (wait.error !== error) setWait({ error, until: now() + retryAfter * 1000, left: retryAfter })
  useEffect(() => {
    if (wait.left === 0) return
    const timer = setTimeout(
      () => setWait((before) => ({ ...before, left: Math.max(0, Math.ceil((before.until - now()) / 1000)) })),
      Math.min(1000, Math.max(50, wait.until - now())),
    )
    return () => clearTimeout(timer)
  }, [wait])
  return wait.error === error ? wait.left : retryAfter
}
