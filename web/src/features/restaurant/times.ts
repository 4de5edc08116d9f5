import type { FreeTime } from '../../api/client'

/** The calendar day of an instant in a time zone, as YYYY-MM-DD. */
export function dayIn(zone: string, instant: Date | string): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  return format.format(new Date(instant))
}

/** `count` calendar days from today. Days are counted, not hours, so daylight-saving changes do not matter. */
export function daysFrom(now: Date, zone: string, count: number): string[] {
  const first = Date.parse(`${dayIn(zone, now)}T00:00:00Z`)
  return Array.from({ length: count }, (_, i) => new Date(first + i * 86_400_000).toISOString().slice(0, 10))
}

export function byDay(times: FreeTime[], zone: string): Map<string, FreeTime[]> {
  const days = new Map<string, FreeTime[]>()
  for (const time of times) {
    const day = dayIn(zone, time.start)
    days.set(day, [...(days.get(day) ?? []), time])
  }
  return days
}

/** Whether a party can book a time, can only join its waitlist, or must wait until booking opens. */
export type TimeState = 'free' | 'full' | 'later'

export function stateOf(time: FreeTime, party: number): TimeState {
  if (time.opens_at) return 'later'
  return time.available >= party ? 'free' : 'full'
}

export function timeOf(start: string, zone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, hour: 'numeric', minute: '2-digit' }).format(
    new Date(start),
  )
}

/** Day and time in short form, in the restaurant's time zone. */
export function shortWhen(at: string, zone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  }).format(new Date(at))
}

/** Day and time in long form, in the restaurant's time zone. */
export function whenOf(start: string, zone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    hour: 'numeric',
    minute: '2-digit',
  }).format(new Date(start))
}

/** The parts of a calendar day. A day has no time zone, so it is both parsed and formatted as UTC. */
export function dayParts(day: string, locale: string): { weekday: string; date: string; full: string } {
  const at = new Date(`${day}T00:00:00Z`)
  const show = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }).format(at)
  return {
    weekday: show({ weekday: 'short' }),
    date: String(at.getUTCDate()),
    full: show({ month: 'long', day: 'numeric', weekday: 'long' }),
  }
}

/** The zone's own name, such as "Korean Standard Time". */
export function zoneName(zone: string, locale: string, at: Date): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'long' }).formatToParts(at)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone
}
