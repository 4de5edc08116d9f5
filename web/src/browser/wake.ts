/**
 * Calls the listener when an attempt that has failed is worth repeating at once: the
 * device is online again, or the visitor has come back to the tab. Returns what stops it.
 */
export function onWake(listener: () => void): () => void {
  const seen = () => {
    if (document.visibilityState === 'visible') listener()
  }
  window.addEventListener('online', listener)
  document.addEventListener('visibilitychange', seen)
  return () => {
    window.removeEventListener('online', listener)
    document.removeEventListener('visibilitychange', seen)
  }
}

/** Resolves after so many seconds, or earlier when `onWake` calls. */
export function pauseFor(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      stop()
      resolve()
    }
    const timer = setTimeout(done, seconds * 1000)
    const stop = onWake(done)
  })
}
