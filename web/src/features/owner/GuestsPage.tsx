import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, Navigate, useLocation, useParams, useSearchParams } from 'react-router'
import type { Region } from '../../api/client'
import { ApiError } from '../../api/problem'
import { restaurantQuery, scheduleQuery } from '../../api/queries'
import { Corrections } from '../../components/Corrections'
import { Loading } from '../../components/Loading'
import { MissingPage } from '../../components/MissingPage'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { type Message, StatusMessage } from '../../components/StatusMessage'
import { useToday } from '../../components/useToday'
import { dayOf } from '../../params'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'
import { regionOf, restaurantPath, timeZones } from '../region/region'
import { CloseDay } from './CloseDay'
import { DayPicker } from './DayPicker'
import { EnterGuest } from './EnterGuest'
import { GuestList } from './GuestList'
import type { OwnerDay } from './ownerDay'

/** A restaurant's list of one day, for the owner and staff. */
export function GuestsPage() {
  const { region: segment, id = '' } = useParams()
  const region = regionOf(segment)
  const state = useSession()
  const { pathname, search } = useLocation()
  if (!region) return <MissingPage />
  if (state.status === 'anonymous') return <Navigate to={withReturn('/login', pathname + search)} replace />
  const mine = state.status === 'user' ? state.user.own.includes(id) : undefined
  return <GuestsOfRestaurant key={`${region}/${id}`} region={region} id={id} mine={mine} />
}

interface GuestsOfRestaurantProps {
  region: Region
  id: string
  /** Whether the restaurant is one of the user's; undefined until that is known. */
  mine: boolean | undefined
}

function GuestsOfRestaurant({ region, id, mine }: GuestsOfRestaurantProps) {
  const { t, title } = useTexts()
  const restaurant = useQuery(restaurantQuery(region, id))
  const schedule = useQuery({ ...scheduleQuery(region, id), enabled: mine === true })
  const name = restaurant.data ? title(restaurant.data) : t('title.guests')
  const refused = schedule.error instanceof ApiError && schedule.error.status === 403
  if (mine === false || refused)
    return (
      <Page title={t('title.guests')} heading={name} className="guests-page">
        <NotYours region={region} id={id} />
      </Page>
    )
  // Without a schedule the restaurant has no zone of its own.
  const zone = schedule.data === null ? timeZones[region] : schedule.data?.time_zone
  const failed = restaurant.error ? restaurant : zone ? undefined : schedule
  return (
    <Page title={t('title.guests')} heading={name} above={<Back />} className="guests-page">
      {(restaurant.isPending || (schedule.isPending && !zone)) && (
        <Loading failure={restaurant.failureReason ?? schedule.failureReason} />
      )}
      <Problem error={failed?.error} retry={failed?.refetch} />
      {restaurant.data && zone && <Day region={region} restaurant={restaurant.data} zone={zone} />}
    </Page>
  )
}

/** Instead of a list and forms that every request would refuse. */
function NotYours({ region, id }: { region: Region; id: string }) {
  const { t } = useTexts()
  return (
    <>
      <p className="intro">{t('guests.forbidden')}</p>
      <p>
        <Link className="primary" to={restaurantPath(region, id)}>
          {t('guests.forbidden.link')}
        </Link>
      </p>
    </>
  )
}

function Day({ region, restaurant, zone }: Pick<OwnerDay, 'region' | 'restaurant' | 'zone'>) {
  const [params, setParams] = useSearchParams()
  const [message, setMessage] = useState<Message>()
  const today = useToday(zone)
  const { value: date, fault } = dayOf(params.get('date'), today)
  const day: OwnerDay = { region, restaurant, zone, date, onDone: (text) => setMessage({ text }) }
  return (
    <>
      <DayPicker date={date} onDate={(chosen) => setParams({ date: chosen }, { replace: true })} />
      <Corrections faults={[fault]} />
      <StatusMessage message={message} />
      <div className="columns">
        <GuestList key={`list ${date}`} {...day} />
        <div className="owner-forms">
          <EnterGuest key={`enter ${date}`} {...day} />
          <CloseDay key={`close ${date}`} {...day} />
        </div>
      </div>
    </>
  )
}

function Back() {
  const { t } = useTexts()
  return (
    <p className="back">
      <Link to="/own">
        <span aria-hidden="true">← </span>
        <span>{t('title.own')}</span>
      </Link>
    </p>
  )
}
