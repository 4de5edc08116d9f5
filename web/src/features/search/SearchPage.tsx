import { useInfiniteQuery, useQueries } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useSearchParams } from 'react-router'
import type { Region } from '../../api/client'
import { dayTimesQuery, searchQuery } from '../../api/queries'
import { Corrections } from '../../components/Corrections'
import { Loading } from '../../components/Loading'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { useToday } from '../../components/useToday'
import { cuisineParam, dayOf, longestQuery, partyParam, queryParam } from '../../params'
import { useTexts } from '../../texts/texts'
import { timeZones, useRegion } from '../region/region'
import { RestaurantCard } from './RestaurantCard'
import { type Visit, VisitPicker } from './VisitPicker'

export function SearchPage() {
  const { t, name, values } = useTexts()
  const [params, setParams] = useSearchParams()
  const { region } = useRegion()
  const today = useToday(timeZones[region])
  const query = queryParam(params.get('q'))
  const cuisine = cuisineParam(params.get('cuisine'), values('cuisine'))
  const day = dayOf(params.get('day'), today, today)
  const party = partyParam(params.get('party'))
  const visit = { date: day.value, party: party.value }

  const search = (form: FormData) => {
    const after = new URLSearchParams(params)
    for (const field of ['q', 'cuisine']) {
      const value = String(form.get(field)).trim()
      if (value) after.set(field, value)
      else after.delete(field)
    }
    setParams(after)
  }
  const choose = ({ date, party }: Visit) => {
    const after = new URLSearchParams(params)
    after.set('day', date)
    after.set('party', String(party))
    setParams(after, { replace: true, preventScrollReset: true })
  }

  return (
    <Page title={t('title.search')} heading={t('search.heading')} className="search">
      <p className="intro">{t('search.intro')}</p>
      {/* The key resets the fields when the URL changes, as on going back. */}
      <form
        key={JSON.stringify([query.value, cuisine.value])}
        className="search-form"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          search(new FormData(event.currentTarget))
        }}
      >
        <label className="grow">
          <span>{t('search.query')}</span>
          <input
            type="search"
            name="q"
            defaultValue={query.value}
            maxLength={longestQuery}
            autoComplete="off"
          />
        </label>
        <label>
          <span>{t('search.cuisine')}</span>
          <select name="cuisine" defaultValue={cuisine.value}>
            <option value="">{t('search.cuisine.any')}</option>
            {values('cuisine').map((value) => (
              <option key={value} value={value}>
                {name('cuisine', value)}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="primary">
          {t('search.submit')}
        </button>
      </form>
      <VisitPicker visit={visit} today={today} onVisit={choose} />
      <Corrections faults={[query.fault, cuisine.fault, day.fault, party.fault]} />
      <Results q={query.value} cuisine={cuisine.value} visit={visit} />
    </Page>
  )
}

function Results({ q, cuisine, visit }: { q: string; cuisine: string; visit: Visit }) {
  const { t, count } = useTexts()
  const { region } = useRegion()
  const found = useInfiniteQuery(searchQuery(region, q, cuisine))
  const pages = found.data?.pages ?? []
  const restaurants = pages.flatMap((page) => page.items)
  const times = useTimes(
    region,
    pages.map((page) => page.items.map(({ id }) => id)),
    visit,
  )
  const { cards, noteCards } = useFocusOnNewCard(restaurants.length)
  const more = () => {
    noteCards()
    return found.fetchNextPage()
  }

  return (
    <section aria-labelledby="results">
      <h2 id="results" className="hidden">
        {t('search.results')}
      </h2>
      {found.isPending && <Loading failure={found.failureReason} />}
      <p className="found" role="status">
        {found.isSuccess &&
          (restaurants.length === 0
            ? t('search.empty')
            : found.hasNextPage
              ? t('search.found.more', { n: restaurants.length })
              : count('search.found', restaurants.length))}
      </p>
      <ul className="cards" ref={cards}>
        {restaurants.map((restaurant) => (
          <li key={restaurant.id}>
            <RestaurantCard
              region={region}
              restaurant={restaurant}
              day={times.get(restaurant.id)}
              visit={visit}
            />
          </li>
        ))}
      </ul>
      <Problem error={found.error} retry={() => (found.isFetchNextPageError ? more() : found.refetch())} />
      {found.hasNextPage && !found.isError && (
        <button
          type="button"
          className="more"
          aria-disabled={found.isFetchingNextPage}
          onClick={() => !found.isFetchingNextPage && more()}
        >
          {found.isFetchingNextPage ? t('loading') : t('search.more')}
        </button>
      )}
    </section>
  )
}

/** When more cards are shown, the focus moves to the first new one: the pressed button may be gone. */
function useFocusOnNewCard(count: number) {
  const cards = useRef<HTMLUListElement>(null)
  const before = useRef(Number.POSITIVE_INFINITY)
  useEffect(() => {
    if (count <= before.current) return
    cards.current?.children[before.current]?.querySelector('a')?.focus()
    before.current = Number.POSITIVE_INFINITY
  }, [count])
  return {
    cards,
    noteCards: () => {
      before.current = count
    },
  }
}

/** The free times of the search results, by restaurant: one request for each page of results. */
function useTimes(region: Region, pages: string[][], { date, party }: Visit) {
  const results = useQueries({
    queries: pages.filter((ids) => ids.length > 0).map((ids) => dayTimesQuery(region, ids, date, party)),
  })
  return new Map(results.flatMap(({ data = [] }) => data.map((each) => [each.restaurant_id, each])))
}
