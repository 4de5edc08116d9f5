import { useQueries } from '@tanstack/react-query'
import { Link, Navigate } from 'react-router'
import { regions } from '../../api/client'
import { myReservationsQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'
import { ReservationList } from './ReservationList'
import type { RegionalReservation } from './regionalReservation'

export function ReservationsPage() {
  const { t } = useTexts()
  const state = useSession()
  if (state.status === 'anonymous') return <Navigate to={withReturn('/login', '/reservations')} replace />
  return (
    <Page title={t('title.reservations')} heading={t('mine.heading')} className="mine">
      <p className="intro">{t('mine.intro')}</p>
      {state.status === 'user' ? <AllRegions user={state.user.id} /> : <Loading />}
    </Page>
  )
}

/** Queries every region. One that fails hides only its own reservations and shows its error. */
function AllRegions({ user }: { user: string }) {
  const { t } = useTexts()
  const results = useQueries({ queries: regions.map((region) => myReservationsQuery(region, user)) })
  const byRegion = regions.map((region, i) => ({ region, result: results[i] }))
  const all = byRegion.flatMap(({ region, result }) =>
    (result?.data ?? []).map((reservation): RegionalReservation => ({ region, reservation })),
  )
  const pending = results.filter((result) => result.isPending)

  return (
    <>
      {pending.length > 0 && (
        <Loading failure={pending.find((result) => result.failureReason)?.failureReason} />
      )}
      {byRegion.map(
        ({ region, result }) =>
          result?.error && (
            <div key={region}>
              <p>{t('mine.partial', { region: t(`region.${region}`) })}</p>
              <Problem error={result.error} retry={result.refetch} />
            </div>
          ),
      )}
      <ReservationList user={user} reservations={all} />
      {all.length === 0 && results.every((result) => result.isSuccess) && (
        <p className="empty">
          <span>{t('mine.empty')}</span> <Link to="/">{t('mine.empty.link')}</Link>
        </p>
      )}
    </>
  )
}
