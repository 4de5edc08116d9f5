import { useQueries } from '@tanstack/react-query'
import { Link, Navigate } from 'react-router'
import { type Region, regions } from '../../api/client'
import { restaurantQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { Page } from '../../components/Page'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'

/** The path of a restaurant's guest list. */
export function guestsPath(region: Region, id: string): string {
  return `/${region.toLowerCase()}/restaurants/${id}/guests`
}

/** An owner's restaurants, each with a link to its guest list. */
export function OwnPage() {
  const { t } = useTexts()
  const state = useSession()
  if (state.status === 'anonymous') return <Navigate to={withReturn('/login', '/own')} replace />
  return (
    <Page title={t('title.own')} heading={t('title.own')} className="mine">
      {state.status === 'user' ? <Restaurants own={state.user.own} /> : <Loading />}
    </Page>
  )
}

/** A token names restaurants without their region: every region is queried for each, and one finds it. */
function Restaurants({ own }: { own: string[] }) {
  const { t, title } = useTexts()
  const candidates = regions.flatMap((region) => own.map((id) => ({ region, id })))
  const results = useQueries({
    queries: candidates.map(({ region, id }) => ({ ...restaurantQuery(region, id), staleTime: 300_000 })),
  })
  return (
    <>
      {results.some((result) => result.isPending) && <Loading />}
      {own.length === 0 && <p className="empty">{t('own.empty')}</p>}
      <ul className="own">
        {candidates.map(({ region, id }, i) => {
          const restaurant = results[i]?.data
          return (
            restaurant && (
              <li key={`${region}/${id}`}>
                <Link to={guestsPath(region, id)}>{title(restaurant)}</Link>
              </li>
            )
          )
        })}
      </ul>
    </>
  )
}
