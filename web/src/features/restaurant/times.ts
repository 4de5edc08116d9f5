import type { FreeTime } from '../../api/client'

// Every function accepts what a bad record may contain, so that one such record never hides the
// others: a time zone that the browser does not know becomes UTC, and a text in it says so; an
// instant that is none becomes `unknown`.

/** Stands for a day or time that cannot be read. */
const unknown = '–'

const zones = new Map<string | undefined, boolean>()

/** Whether the browser knows the zone: Intl throws a RangeError for a name that it does not know. */
function isKnown(zone: string | undefined): zone is string {
  let known = zones.get(zone)
  if (known === undefined) {
    try {
      known = !!new Intl.DateTimeFormat('en', { timeZone: zone ?? '' })
    } catch {
      known = false
    }
    zones.set(zone, known)
  }
  return known
}

function show(at: Date | string, zone: string, locale: string, options: Intl.DateTimeFormatOptions): string {
  const instant = new Date(at)
  if (Number.isNaN(instant.getTime())) return unknown
  const where: Intl.DateTimeFormatOptions = isKnown(zone)
    ? { timeZone: zone }
    : { timeZone: 'UTC', timeZoneName: 'short' }
  return new Intl.DateTimeFormat(locale, { ...options, ...where }).format(instant)
}

/** The calendar day of an instant in a time zone, as YYYY-MM-DD; empty for an instant that is none. */
export function dayIn(zone: string, instant: Date | string): string {
  const at = new Date(instant)
  if (Number.isNaN(at.getTime())) return ''
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: isKnown(zone) ? zone : 'UTC',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  return format.format(at)
}

/** `count` calendar days from that of an instant. Days are counted, not hours, so daylight-saving changes do not matter. */
export function daysFrom(from: Date | string, zone: string, count: number): string[] {
  const first = Date.parse(`${dayIn(zone, from)}T00:00:00Z`)
  return Array.from({ length: count }, (_, i) => new Date(first + i * 86_400_000).toISOString().slice(0, 10))
}

/** Whether the text is a day of the calendar, as YYYY-MM-DD. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

export function byDay(times: FreeTime[], zone: string): Map<string, FreeTime[]> {
  const days = new Map<string, FreeTime[]>()
  for (const time of times) {
    const day = dayIn(zone, time.start)
    days.set(day, [...(days.get(day) ?? []), time])
  }
  return days
}

/** Whether a diner can do something with a time now: book it or join its waitlist. */
export function isOffered({ action }: FreeTime): boolean {
  return action === 'book' || action === 'wait'
}

export function timeOf(start: string, zone: string, locale: string): string {
  return show(start, zone, locale, { hour: 'numeric', minute: '2-digit' })
}

/** Day and time in short form, in the restaurant's time zone. */
export function shortWhen(at: string, zone: string, locale: string): string {
  return show(at, zone, locale, { month: 'numeric', day: 'numeric', hour: 'numeric', minute: '2-digit' })
}

/** Day and time in long form, in the restaurant's time zone. */
export function whenOf(start: string, zone: string, locale: string): string {
  return show(start, zone, locale, {
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    hour: 'numeric',
    minute: '2-digit',
  })
}

/** The parts of a calendar day. A day has no time zone, so it is both parsed and formatted as UTC. */
export function dayParts(day: string, locale: string): { weekday: string; date: string; full: string } {
  if (!isDay(day)) return { weekday: unknown, date: unknown, full: unknown }
  const at = new Date(`${day}T00:00:00Z`)
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }).format(at)
  return {
    weekday: part({ weekday: 'short' }),
    date: String(at.getUTCDate()),
    full: part({ month: 'long', day: 'numeric', weekday: 'long' }),
  }
}

/** The zone's own name, such as "Korean Standard Time"; undefined for a zone that the browser does not know. */
export function zoneName(zone: string, locale: string, at: Date): string | undefined {
  if (!isKnown(zone)) return undefined
  const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'long' }).formatToParts(at)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone
}
