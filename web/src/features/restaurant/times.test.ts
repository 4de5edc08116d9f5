import { expect, test } from 'vitest'
import { secondsOf } from '../../api/problem'
import { byDay, dayIn, daysFrom, timeOf } from './times'

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

test('reads Retry-After as seconds or as a date', () => {
  const now = Date.parse('2026-11-22T10:00:00Z')
  expect(secondsOf('3', now)).toBe(3)
  expect(secondsOf('Sun, 22 Nov 2026 10:00:05 GMT', now)).toBe(5)
  expect(secondsOf('soon', now)).toBeUndefined()
  expect(secondsOf(null, now)).toBeUndefined()
})
