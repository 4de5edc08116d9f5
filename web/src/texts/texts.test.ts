import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../api/problem'
import { catalogues, textsIn } from './texts'

const keysOf = (language: 'ko' | 'en') => Object.keys(catalogues[language])
const placeholdersOf = (text: string) =>
  [...text.matchAll(/\{\w+\}/g)].map(([placeholder]) => placeholder).sort()

describe('the catalogues', () => {
  test('have the same keys in the same order', () => {
    expect(keysOf('en')).toEqual(keysOf('ko'))
  })

  test('have no empty text', () => {
    for (const language of ['ko', 'en'] as const)
      expect(Object.entries(catalogues[language]).filter(([, text]) => !text.trim())).toEqual([])
  })

  test('have the same placeholders', () => {
    const differing = keysOf('ko').filter((key) => {
      const [ko, en] = [catalogues.ko, catalogues.en].map((texts) =>
        placeholdersOf(texts[key as keyof typeof texts]),
      )
      return JSON.stringify(ko) !== JSON.stringify(en)
    })
    expect(differing).toEqual([])
  })

  test('contain the visible text of a button in its accessible name (WCAG 2.2, 2.5.3)', () => {
    const differing = Object.values(catalogues).flatMap((texts) =>
      Object.entries(texts).flatMap(([key, name]) => {
        const visible = key.endsWith('.label') && texts[key.slice(0, -'.label'.length) as keyof typeof texts]
        return visible && !name.includes(visible) ? [`${key}: “${visible}” is not in “${name}”`] : []
      }),
    )
    expect(differing).toEqual([])
  })
})

describe('a problem is explained', () => {
  const { problem } = textsIn('en')

  test('by its reason', () => {
    expect(problem(new ApiError(409, { reason: 'overlap' }))).toMatch(/elsewhere around this time/)
  })

  test('for every reason that the API documents for diners', () => {
    const refusals = [
      ...readFileSync('../docs/openapi.yaml', 'utf8').matchAll(/'4\d\d':\s+description: (.*)/g),
    ]
    const slugs = refusals.flatMap(([, text = '']) => text.match(/(?<=`)[a-z_]+(?=`)/g) ?? [])
    const reasons = slugs.filter((slug) => slug !== 'etag_mismatch') // only owners get it
    expect(reasons).toContain('slot_full')
    expect(reasons.filter((reason) => !keysOf('ko').includes(`problem.${reason}`))).toEqual([])
  })

  test('with the region that cannot be reached', () => {
    expect(problem(new ApiError(503, { reason: 'region_unreachable' }, 1, 'KR'))).toMatch(
      /cannot be reached right now: Korea/,
    )
  })

  test('without a region when the request named none', () => {
    expect(problem(new ApiError(503, { reason: 'region_unreachable' }, 2))).toMatch(/try again in 2 s/)
  })

  test('by its status when the page does not know the reason', () => {
    expect(problem(new ApiError(409, { reason: 'not_in_the_catalogue' }))).toMatch(/changed in the meantime/)
  })

  test('with the seconds to wait when the response names them', () => {
    expect(problem(new ApiError(429, { reason: 'rate_limited' }, 7))).toMatch(/in 7 s/)
  })
})
