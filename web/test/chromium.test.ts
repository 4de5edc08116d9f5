import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findChromium } from '../e2e/browser.mjs'

let bin = ''
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'chromium-'))
})
afterEach(() => rmSync(bin, { recursive: true }))

function program(name: string) {
  const path = join(bin, name)
  writeFileSync(path, '')
  chmodSync(path, 0o755)
  return path
}

test('finds the first browser on PATH', () => {
  const path = program('google-chrome')
  expect(findChromium({ PATH: `/nowhere:${bin}` })).toBe(path)
})

test('CHROMIUM takes precedence, and there is no fallback when it is wrong', () => {
  program('chromium')
  const named = program('mine')
  expect(findChromium({ PATH: bin, CHROMIUM: named })).toBe(named)
  expect(findChromium({ PATH: bin, CHROMIUM: 'mine' })).toBe(named)
  expect(findChromium({ PATH: bin, CHROMIUM: '/nowhere/chromium' })).toBeUndefined()
})
