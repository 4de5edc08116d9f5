import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pauseFor } from './wake'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Whether a pause of half a minute has ended after what `happens` does. */
async function endedBy(happens: () => unknown): Promise<boolean> {
  let ended = false
  const pause = pauseFor(30).then(() => {
    ended = true
  })
  await happens()
  await Promise.resolve()
  await Promise.resolve()
  const early = ended
  await vi.advanceTimersByTimeAsync(30_000)
  await pause
  return early
}

const seen = (state: DocumentVisibilityState) => () => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)
  document.dispatchEvent(new Event('visibilitychange'))
}

test.each([
  ['nothing', false, () => {}],
  ['a second', false, () => vi.advanceTimersByTimeAsync(1000)],
  ['its whole time', true, () => vi.advanceTimersByTimeAsync(30_000)],
  ['the device being online again', true, () => window.dispatchEvent(new Event('online'))],
  ['the visitor coming back', true, seen('visible')],
  ['the visitor leaving', false, seen('hidden')],
] as const)('a pause ends with %s: %s', async (_, ends, happens) => {
  expect(await endedBy(happens)).toBe(ends)
})

test('a pause that has ended listens no more', async () => {
  const remove = vi.spyOn(window, 'removeEventListener')
  await endedBy(() => window.dispatchEvent(new Event('online')))
  expect(remove).toHaveBeenCalledWith('online', expect.any(Function))
  expect(vi.getTimerCount()).toBe(0)
})
