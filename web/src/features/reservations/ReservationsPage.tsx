import { useQueries } from '@tanstack/react-query'
import { Link, Navigate } from 'react-router'
import { regions } from '../../api/client'
import { mineQuery } from '../../api/queries'
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
      {state.status === 'user' ? <Merged user={state.user.id} /> : <Loading />}
    </Page>
  )
}

/** Each region is asked by itself: one that fails hides its own reservations and says so. */
function Merged({ user }: { user: string }) {
  const { t } = useTexts()
  const answers = useQueries({ queries: regions.map((region) => mineQuery(region, user)) })
  const asked = regions.map((region, i) => ({ region, answer: answers[i] }))
  const all = asked.flatMap(({ region, answer }) =>
    (answer?.data ?? []).map((reservation): RegionalReservation => ({ region, reservation })),
  )
  const waiting = answers.filter((answer) => answer.isPending)

  return (
    <>
      {waiting.length > 0 && <Loading busy={waiting.some((answer) => answer.failureCount > 0)} />}
      {asked.map(
        ({ region, answer }) =>
          answer?.error && (
            <div key={region}>
              <p>{t('mine.partial', { region: t(`region.${region}`) })}</p>
              <Problem error={answer.error} retry={answer.refetch} />
            </div>
          ),
      )}
      <ReservationList user={user} reservations={all} />
      {all.length === 0 && answers.every((answer) => answer.isSuccess) && (
        <p className="empty">
          {t('mine.empty')} <Link to="/">{t('mine.empty.link')}</Link>
        </p>
      )}
    </>
  )
}
