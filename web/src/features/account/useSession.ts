import { useSyncExternalStore } from 'react'
import { session } from '../../api/client'
import type { SessionState } from '../../api/session'

/** Who is logged in, re-rendering when that changes. */
export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, () => session.state)
}
