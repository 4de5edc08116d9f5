// What a URL may say. Everybody can write a URL, so each parameter is read here and
// nowhere else: into a value that the page can use, or into what is wrong with it.

import { isDay } from './features/restaurant/times'

/** The largest party that the API accepts. A restaurant that takes fewer shows no times for it. */
export const largestParty = 20

/** The longest search text that the API accepts. */
export const longestQuery = 200

/** What is wrong with a parameter; `url.<fault>` is its text in the catalogues. */
export type Fault =
  | 'day.invalid'
  | 'day.past'
  | 'day.far'
  | 'party.invalid'
  | 'cuisine.invalid'
  | 'query.long'
  | 'slot.gone'

/** A parameter: its value, or the page's usual one and the fault that the page must name. */
export interface Param<T> {
  value: T
  fault?: Fault
}

/** A day that is not before `first` nor after `last`, both YYYY-MM-DD; `usual` without the parameter or with a fault. */
export function dayOf<T>(text: string | null, usual: T, first = firstDay, last = lastDay): Param<string | T> {
  if (!text) return { value: usual }
  if (!isDay(text)) return { value: usual, fault: 'day.invalid' }
  if (text < first) return { value: usual, fault: 'day.past' }
  if (text > last) return { value: usual, fault: 'day.far' }
  return { value: text }
}

/** The days that the page can show: those of the years in which a restaurant may be asked for times. */
export const firstDay = '2000-01-01'
export const lastDay = '2999-12-31'

/** The party size; 2 without the parameter or with a fault. */
export function partyParam(text: string | null): Param<number> {
  if (!text) return { value: 2 }
  const party = Number(text)
  const valid = Number.isInteger(party) && party >= 1 && party <= largestParty
  return valid ? { value: party } : { value: 2, fault: 'party.invalid' }
}

/** The party size alone, for a part of the page beside one that names the fault. */
export const partyOf = (text: string | null): number => partyParam(text).value

/** The cuisine, one of those that the page can name; none without the parameter or with a fault. */
export function cuisineParam(text: string | null, known: string[]): Param<string> {
  if (!text || known.includes(text)) return { value: text ?? '' }
  return { value: '', fault: 'cuisine.invalid' }
}

/** The search text. One that is too long is cut, at a whole character. */
export function queryParam(text: string | null): Param<string> {
  const characters = [...(text ?? '')]
  if (characters.length <= longestQuery) return { value: text ?? '' }
  return { value: characters.slice(0, longestQuery).join(''), fault: 'query.long' }
}

/** A time's slot id, one of those that are offered; `offered` is undefined until they are known. */
export function slotParam(text: string | null, offered: string[] | undefined): Param<string> {
  if (!text || !offered || offered.includes(text)) return { value: text ?? '' }
  return { value: '', fault: 'slot.gone' }
}

/** The path to return to after logging in. Only a path of this site is accepted, never another host; else `/`. */
export function pathParam(text: string | null): string {
  if (!text?.startsWith('/') || !URL.canParse(text, window.location.origin)) return '/'
  const url = new URL(text, window.location.origin)
  return url.origin === window.location.origin ? url.pathname + url.search : '/'
}
