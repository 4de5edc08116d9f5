import { afterEach, expect, test, vi } from 'vitest'
import { device, tab } from './storage'

afterEach(() => {
  vi.restoreAllMocks()
  for (const storage of [device, tab]) storage.remove('key')
})

test('stores in the browser', () => {
  device.set('key', 'a')
  expect(localStorage.getItem('key')).toBe('a')
  expect(sessionStorage.getItem('key')).toBeNull()
  expect(device.get('key')).toBe('a')
  device.remove('key')
  expect(device.get('key')).toBeNull()
})

test('keeps values in memory when the browser blocks its storage', () => {
  vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => {
    throw new DOMException('The operation is insecure.', 'SecurityError')
  })
  expect(tab.get('key')).toBeNull()
  tab.set('key', 'a')
  expect(tab.get('key')).toBe('a')
  tab.remove('key')
  expect(tab.get('key')).toBeNull()
})

test('a full storage does not hide the new value behind the old one', () => {
  device.set('key', 'old')
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })
  device.set('key', 'new')
  expect(device.get('key')).toBe('new')
})
