import { describe, expect, test } from 'vitest'
import { isDay } from './features/restaurant/times'
import { cuisineParam, dayOf, longestQuery, partyParam, pathParam, queryParam } from './params'

test.each([
  ['2026-12-24', true],
  ['2028-02-29', true],
  ['2026-02-29', false],
  ['2026-99-99', false],
  ['2026-1-1', false],
  ['tomorrow', false],
  ['', false],
])('%s is a day of the calendar: %s', (text, is) => {
  expect(isDay(text)).toBe(is)
})

describe('a day in the URL', () => {
  const read = (text: string | null) => dayOf(text, 'today', '2026-11-24', '2026-12-21')
  test.each([
    [null, { value: 'today' }],
    ['', { value: 'today' }],
    ['2026-12-21', { value: '2026-12-21' }],
    ['2026-99-99', { value: 'today', fault: 'day.invalid' }],
    ['2026-11-23', { value: 'today', fault: 'day.past' }],
    ['2027-03-01', { value: 'today', fault: 'day.far' }],
  ])('%s', (text, param) => expect(read(text)).toEqual(param))
})

test.each([
  [null, { value: 2 }],
  ['20', { value: 20 }],
  ['21', { value: 2, fault: 'party.invalid' }],
  ['0', { value: 2, fault: 'party.invalid' }],
  ['2.5', { value: 2, fault: 'party.invalid' }],
  ['many', { value: 2, fault: 'party.invalid' }],
])('a party of %s', (text, param) => expect(partyParam(text)).toEqual(param))

test('a cuisine is one that the list shows', () => {
  expect(cuisineParam('korean', ['korean'])).toEqual({ value: 'korean' })
  expect(cuisineParam(null, ['korean'])).toEqual({ value: '' })
  expect(cuisineParam('martian', ['korean'])).toEqual({ value: '', fault: 'cuisine.invalid' })
})

test('a search text that is too long is cut at a whole character', () => {
  const long = `${'a'.repeat(longestQuery - 1)}🍜🍜`
  expect(queryParam(long)).toEqual({ value: `${'a'.repeat(longestQuery - 1)}🍜`, fault: 'query.long' })
  expect(queryParam('noodles')).toEqual({ value: 'noodles' })
})

test.each([
  [null, '/'],
  ['/reservations', '/reservations'],
  ['/kr/restaurants/a?day=2026-12-24&party=3#top', '/kr/restaurants/a?day=2026-12-24&party=3'],
  ['http://[', '/'],
  ['/\\[', '/'],
  ['//[', '/'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example/', '/'],
  ['javascript:alert(1)', '/'],
])('returns from the log-in at %s to %s', (text, path) => expect(pathParam(text)).toBe(path))
