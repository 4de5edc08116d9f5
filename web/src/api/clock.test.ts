import { expect, test } from 'vitest'
import { Clock } from './clock'

const minute = 60_000
const noon = Date.parse('2026-11-24T12:00:00Z')

/** A device whose clock is wrong by `wrong` milliseconds, and a server that answers after 40 ms. */
function deviceWith(wrong: number) {
  let real = noon
  const device = { wrong }
  const clock = new Clock(() => real + device.wrong)
  const ask = (headers: Record<string, string> = {}, age = 0) => {
    const sent = real + device.wrong
    const Date_ = new Date(real - age).toUTCString()
    real += 40
    clock.learn(new Headers({ Date: Date_, ...headers }), sent)
  }
  const pass = (ms: number) => {
    real += ms
  }
  return { clock, device, ask, pass, error: () => clock.now() - real }
}

test('a device clock that is right stays the clock', () => {
  const { ask, pass, error } = deviceWith(0)
  for (let i = 0; i < 20; i++) {
    ask()
    pass(330)
    expect(error()).toBe(0)
  }
})

test.each([-10 * minute, 30 * minute, 400 * 24 * 60 * minute])(
  'corrects a device clock that is %d ms off',
  (wrong) => {
    const { ask, error } = deviceWith(wrong)
    expect(error()).toBe(wrong)
    ask()
    expect(Math.abs(error())).toBeLessThanOrEqual(1040)
  },
)

test('narrows the error with each response, although Date has whole seconds', () => {
  const { ask, pass, error } = deviceWith(-10 * minute)
  for (let i = 0; i < 20; i++) {
    ask()
    pass(370)
  }
  expect(Math.abs(error())).toBeLessThan(100)
})

test('follows a device clock that is set while the page is open', () => {
  const { device, ask, error } = deviceWith(-10 * minute)
  ask()
  device.wrong = 5 * minute
  ask()
  expect(Math.abs(error())).toBeLessThanOrEqual(1040)
})

test('a response from a cache does not move the clock back', () => {
  const { ask, error } = deviceWith(0)
  ask({ Age: '45' }, 45_000)
  expect(error()).toBe(0)
  ask({ 'Cache-Control': 'public, max-age=60' }, 50_000) // the browser's own cache sets no Age
  expect(error()).toBe(0)
})

test('ignores a response without a date that can be read', () => {
  const { clock, error } = deviceWith(0)
  clock.learn(new Headers(), noon)
  clock.learn(new Headers({ Date: 'yesterday' }), noon)
  expect(error()).toBe(0)
})

test('tells its listeners when the device’s clock turns out to be wrong', () => {
  let told = 0
  const right = deviceWith(0)
  right.clock.subscribe(() => told++)
  right.ask()
  expect(told).toBe(0)
  const wrong = deviceWith(minute)
  wrong.clock.subscribe(() => told++)
  wrong.ask()
  expect(told).toBe(1)
})
