import { useQueries } from '@tanstack/react-query'
import { Link, Navigate } from 'react-router'
import { type Region, regions } from '../../api/client'
import { restaurantQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { Page } from '../../components/Page'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'

/** The address of a restaurant's list. */
export function guestsPath(region: Region, id: string): string {
  return `/${region.toLowerCase()}/restaurants/${id}/guests`
}

/** An owner's restaurants, each a way to its list. */
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

/** A token names restaurants without their region: each region is asked for each, one knows it. */
function Restaurants({ own }: { own: string[] }) {
  const { t, pick } = useTexts()
  const asked = regions.flatMap((region) => own.map((id) => ({ region, id })))
  const answers = useQueries({
    queries: asked.map(({ region, id }) => ({ ...restaurantQuery(region, id), staleTime: 300_000 })),
  })
  return (
    <>
      {answers.some((answer) => answer.isPending) && <Loading />}
      {own.length === 0 && <p className="empty">{t('own.empty')}</p>}
      <ul className="own">
        {asked.map(({ region, id }, i) => {
          const restaurant = answers[i]?.data
          return (
            restaurant && (
              <li key={`${region}/${id}`}>
                <Link to={guestsPath(region, id)}>{pick(restaurant.name)}</Link>
              </li>
            )
          )
        })}
      </ul>
    </>
  )
}
