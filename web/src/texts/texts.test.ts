import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../api/problem'
import { catalogues, textsIn } from './texts'

const keysOf = (language: 'ko' | 'en') => Object.keys(catalogues[language])
const holesOf = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort()

/** Lines of the page's own source that hold words of Korean, which belong in the catalogue. */
export function koreanIn(source: string): string[] {
  return source.split('\n').filter((line) => /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/.test(line))
}

describe('the catalogues', () => {
  test('have the same keys in the same order', () => {
    expect(keysOf('en')).toEqual(keysOf('ko'))
  })

  test('leave no text empty', () => {
    for (const language of ['ko', 'en'] as const)
      expect(Object.entries(catalogues[language]).filter(([, text]) => !text.trim())).toEqual([])
  })

  test('fill the same holes', () => {
    const differing = keysOf('ko').filter((key) => {
      const [ko, en] = [catalogues.ko, catalogues.en].map((texts) =>
        holesOf(texts[key as keyof typeof texts]),
      )
      return JSON.stringify(ko) !== JSON.stringify(en)
    })
    expect(differing).toEqual([])
  })

  test('are where the words are: no Korean elsewhere in src', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.tsx?$/.test(file),
    )
    expect(files.length).toBeGreaterThan(20)
    expect(koreanIn('<p>자리</p>')).toHaveLength(1)
    expect(files.flatMap((file) => koreanIn(readFileSync(join('src', file), 'utf8')))).toEqual([
      expect.stringContaining("koreanIn('<p>"),
    ])
  })
})

describe('a problem is told', () => {
  const { problem } = textsIn('en')

  test('by its reason', () => {
    expect(problem(new ApiError(409, { reason: 'overlap' }))).toMatch(/elsewhere around this time/)
  })

  test('by its class when the reason is new to the page', () => {
    expect(problem(new ApiError(409, { reason: 'moon_in_wrong_phase' }))).toMatch(/changed in the meantime/)
  })

  test('with the seconds to wait', () => {
    expect(problem(new ApiError(429, { reason: 'rate_limited' }, 7))).toMatch(/in 7 s/)
  })
})
