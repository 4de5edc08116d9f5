import { expect, test } from 'vitest'
import { secondsOf } from '../../api/problem'
import { byDay, dayIn, dayParts, daysFrom, isDay, shortWhen, timeOf, whenOf, zoneName } from './times'

test('the day of an instant depends on the time zone', () => {
  expect(dayIn('Asia/Seoul', '2026-11-22T15:30:00Z')).toBe('2026-11-23')
  expect(timeOf('2026-11-22T15:30:00Z', 'Asia/Seoul', 'en-US')).toBe('12:30 AM')
})

test('counts days across the end of daylight-saving time', () => {
  const now = new Date('2026-11-01T03:30:00Z') // 23:30 on 31 October in New York
  expect(daysFrom(now, 'America/New_York', 3)).toEqual(['2026-10-31', '2026-11-01', '2026-11-02'])
})

test('groups times by the day in the restaurant’s time zone', () => {
  const at = (start: string) => ({ slot_id: start, start, available: 2, action: 'book' as const })
  const days = byDay([at('2026-11-22T14:00:00Z'), at('2026-11-22T15:00:00Z')], 'Asia/Seoul')
  expect([...days.keys()]).toEqual(['2026-11-22', '2026-11-23'])
})

test.each(['right/Asia/Seoul', 'posix/Asia/Seoul', 'Factory', ''])(
  'shows times in UTC, and says so, for the unknown zone “%s”',
  (zone) => {
    const at = '2026-11-22T15:30:00Z'
    expect(timeOf(at, zone, 'en-US')).toBe('3:30 PM UTC')
    expect(shortWhen(at, zone, 'ko-KR')).toMatch(/11.*22.*3:30 UTC/)
    expect(whenOf(at, zone, 'en-US')).toBe('Sunday, November 22 at 3:30 PM UTC')
    expect(dayIn(zone, at)).toBe('2026-11-22')
    expect(daysFrom(at, zone, 2)).toEqual(['2026-11-22', '2026-11-23'])
    expect(zoneName(zone, 'en-US', new Date(at))).toBeUndefined()
  },
)

test('an instant or a day that is none has a text too', () => {
  for (const show of [timeOf, shortWhen, whenOf]) expect(show('never', 'Asia/Seoul', 'en-US')).toBe('–')
  expect(dayIn('Asia/Seoul', 'never')).toBe('')
  expect(dayParts('2026-99-99', 'en-US').full).toBe('–')
  expect(['2026-11-22', '2026-02-30', '2026-99-99', '20261122', ''].map(isDay)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})

test('reads Retry-After as seconds or as a date', () => {
  const now = Date.parse('2026-11-22T10:00:00Z')
  expect(secondsOf('3', now)).toBe(3)
  expect(secondsOf('Sun, 22 Nov 2026 10:00:05 GMT', now)).toBe(5)
  expect(secondsOf('soon', now)).toBeUndefined()
  expect(secondsOf(null, now)).toBeUndefined()
})
