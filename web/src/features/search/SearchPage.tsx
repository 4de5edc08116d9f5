import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearchParams } from 'react-router'
import { searchQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { useRegion } from '../region/region'
import { RestaurantCard } from './RestaurantCard'

export function SearchPage() {
  const { t, name, values } = useTexts()
  const [params, setParams] = useSearchParams()
  const q = params.get('q') ?? ''
  const cuisine = params.get('cuisine') ?? ''

  const search = (form: FormData) => {
    const asked = new URLSearchParams()
    for (const field of ['q', 'cuisine']) {
      const value = String(form.get(field)).trim()
      if (value) asked.set(field, value)
    }
    setParams(asked)
  }

  return (
    <Page title={t('title.search')} heading={t('search.heading')} className="search">
      <p className="intro">{t('search.intro')}</p>
      {/* The key refills the fields when the address changes, as on going back. */}
      <form
        key={params.toString()}
        className="search-form"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          search(new FormData(event.currentTarget))
        }}
      >
        <label className="grow">
          <span>{t('search.query')}</span>
          <input type="search" name="q" defaultValue={q} maxLength={200} autoComplete="off" />
        </label>
        <label>
          <span>{t('search.cuisine')}</span>
          <select name="cuisine" defaultValue={cuisine}>
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
      <Results q={q} cuisine={cuisine} />
    </Page>
  )
}

function Results({ q, cuisine }: { q: string; cuisine: string }) {
  const { t, count } = useTexts()
  const { region } = useRegion()
  const found = useInfiniteQuery(searchQuery(region, q, cuisine))
  const restaurants = found.data?.pages.flatMap((page) => page.items) ?? []

  return (
    <section aria-labelledby="results">
      <h2 id="results" className="hidden">
        {t('search.results')}
      </h2>
      {found.isPending && <Loading busy={found.failureCount > 0} />}
      <p className="found" role="status">
        {found.isSuccess &&
          (restaurants.length === 0
            ? t('search.empty')
            : found.hasNextPage
              ? t('search.found.more', { n: restaurants.length })
              : count('search.found', restaurants.length))}
      </p>
      <ul className="cards">
        {restaurants.map((restaurant) => (
          <li key={restaurant.id}>
            <RestaurantCard region={region} restaurant={restaurant} />
          </li>
        ))}
      </ul>
      <Problem
        error={found.error}
        retry={() => (found.isFetchNextPageError ? found.fetchNextPage() : found.refetch())}
      />
      {found.hasNextPage && !found.isError && (
        <button
          type="button"
          className="more"
          aria-disabled={found.isFetchingNextPage}
          onClick={() => !found.isFetchingNextPage && found.fetchNextPage()}
        >
          {found.isFetchingNextPage ? t('loading') : t('search.more')}
        </button>
      )}
    </section>
  )
}
