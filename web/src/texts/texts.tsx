import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { LocalText, Restaurant } from '../api/client'
import type { ApiError } from '../api/problem'
import { device } from '../browser/storage'
import en from './en.json'
import ko from './ko.json'

export type Language = 'ko' | 'en'
export type TextKey = keyof typeof ko & keyof typeof en
export const catalogues: Record<Language, Record<TextKey, string>> = { ko, en }

type Values = Record<string, string | number>

/** The page's texts in the reader's language. */
export interface Texts {
  language: Language
  /** The BCP 47 tag for Intl. */
  locale: string
  choose(language: Language): void
  t(key: TextKey, values?: Values): string
  /** A text with a number: `key` has the plural forms `.one` and `.other`. */
  count(key: 'guests' | 'search.found' | 'times.found' | 'times.left', n: number): string
  /** The name of an enumerated value; the value itself if the catalogue does not know it, as the server may add some. */
  name(kind: 'cuisine' | 'status', value: string): string
  /** The values of that kind that the catalogue knows. */
  values(kind: 'cuisine'): string[]
  /** Why nothing can be done with a time, or with all times of a day: `reason` is the API's slug. */
  unavailable(what: 'time' | 'day', reason: string | undefined): string
  /** The explanation of a failed call. */
  problem(error: ApiError): string
  /** A restaurant's own text in the reader's language; empty if there is none. */
  pick(text: LocalText | undefined): string
  /** The same text in the other language. */
  other(text: LocalText | undefined): string
  /** The restaurant's name in the reader's language, or its id: a link and a heading are never empty. */
  title(restaurant: Pick<Restaurant, 'id' | 'name'>): string
}

const storageKey = 'jari.language'

export function textsIn(language: Language, choose: (language: Language) => void = () => {}): Texts {
  const catalogue = catalogues[language]
  const locale = language === 'ko' ? 'ko-KR' : 'en-US'
  const plural = new Intl.PluralRules(locale)
  const has = (key: string): key is TextKey => Object.hasOwn(catalogue, key)
  const t = (key: TextKey, values: Values = {}) =>
    catalogue[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
  const other = language === 'ko' ? 'en' : 'ko'
  const pick = (text: LocalText | undefined) => text?.[language] || text?.[other] || ''
  return {
    language,
    locale,
    choose,
    t,
    count: (key, n) => t(`${key}.${plural.select(n) === 'one' ? 'one' : 'other'}`, { n }),
    name(kind, value) {
      const key = `${kind}.${value}`
      return has(key) ? t(key) : value
    },
    values: (kind) =>
      Object.keys(catalogue).flatMap((key) => (key.startsWith(`${kind}.`) ? key.slice(kind.length + 1) : [])),
    unavailable(what, reason) {
      const key = `unavailable.${what}.${reason}`
      return t(has(key) ? key : `unavailable.${what}.other`)
    },
    problem(error) {
      const unnamed = error.reason === 'region_unreachable' && !error.region // a request for any region
      const reason = unnamed ? error.class : error.reason
      const known = [`problem.${reason}`, `problem.${error.class}`].find(has) ?? 'problem.internal'
      const timed = `${known}.in`
      const name = `region.${error.region}`
      const region = has(name) ? t(name) : ''
      return error.retryAfter && has(timed)
        ? t(timed, { seconds: error.retryAfter, region })
        : t(known, { region })
    },
    pick,
    other: (text) => text?.[other] ?? '',
    title: ({ id, name }) => pick(name) || id,
  }
}

const Context = createContext<Texts | null>(null)

export function TextsProvider({
  children,
  language: first = preferred(),
}: {
  children: ReactNode
  language?: Language
}) {
  const [language, setLanguage] = useState(first)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const texts = useMemo(
    () =>
      textsIn(language, (chosen) => {
        device.set(storageKey, chosen)
        setLanguage(chosen)
      }),
    [language],
  )
  return <Context value={texts}>{children}</Context>
}

export function useTexts(): Texts {
  const texts = useContext(Context)
  if (!texts) throw new Error('useTexts needs a TextsProvider above it')
  return texts
}

function preferred(): Language {
  const stored = device.get(storageKey)
  if (stored === 'ko' || stored === 'en') return stored
  return navigator.language.startsWith('ko') ? 'ko' : 'en'
}
