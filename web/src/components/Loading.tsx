import { ApiError } from '../api/problem'
import { useTexts } from '../texts/texts'

interface LoadingProps {
  /** Why the last attempt failed, while the next one is on its way: a query's `failureReason`. */
  failure?: unknown
}

/** Shows that data is being loaded and, after a failed attempt, whether the connection or Jari is the cause. */
export function Loading({ failure }: LoadingProps) {
  const { t } = useTexts()
  return (
    <p className="loading" role="status">
      {t(failure ? (isOffline(failure) ? 'loading.offline' : 'loading.busy') : 'loading')}
    </p>
  )
}

function isOffline(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 0
}
