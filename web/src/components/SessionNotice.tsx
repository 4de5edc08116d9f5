import { session } from '../api/client'
import { useSession } from '../features/account/useSession'
import { useTexts } from '../texts/texts'
import { RetryButton } from './Problem'

/** Says that the page cannot tell now whether the visitor is logged in. The session tries again by itself. */
export function SessionNotice() {
  const { t, problem } = useTexts()
  const state = useSession()
  // The live region is there from the start, so that a screen reader notices what appears in it.
  return (
    <div role="status">
      {state.status === 'unknown' && state.failure && (
        <div className="notice">
          <p>{t('session.unknown')}</p>
          <p className="hint">{problem(state.failure)}</p>
          <RetryButton error={state.failure} retry={() => void session.refresh()} />
        </div>
      )}
    </div>
  )
}
