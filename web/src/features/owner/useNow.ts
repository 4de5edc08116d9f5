import { useEffect, useState } from 'react'
import { now } from '../../api/clock'

/** The time in milliseconds since 1970. It renders again every 10 s, so that an action appears when its time has come. */
export function useNow(): number {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((ticks) => ticks + 1), 10_000)
    return () => clearInterval(timer)
  }, [])
  return now()
}
