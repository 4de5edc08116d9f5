import { useSyncExternalStore } from 'react'
import { session } from '../../api/client'
import type { SessionState } from '../../api/session'

/** The session's state; re-renders when it changes. */
export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, () => session.state)
}
