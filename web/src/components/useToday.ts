import { useSyncExternalStore } from 'react'
import { clock, nowDate } from '../api/clock'
import { dayIn } from '../features/restaurant/times'

/** Today in a time zone, YYYY-MM-DD; re-renders when the server's clock shows another day than the device's. */
export function useToday(zone: string): string {
  return useSyncExternalStore(clock.subscribe, () => dayIn(zone, nowDate()))
}
