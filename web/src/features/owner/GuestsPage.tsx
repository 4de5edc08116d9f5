import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, Navigate, useLocation, useParams, useSearchParams } from 'react-router'
import type { Region, Restaurant } from '../../api/client'
import { restaurantQuery } from '../../api/queries'
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
import { regionOf } from '../region/region'
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
  return (
    <GuestsOfRestaurant key={`${region}/${id}`} region={region} id={id} loggedIn={state.status === 'user'} />
  )
}

function GuestsOfRestaurant({ region, id, loggedIn }: { region: Region; id: string; loggedIn: boolean }) {
  const { t, pick } = useTexts()
  const restaurant = useQuery(restaurantQuery(region, id))
  const name = restaurant.data ? pick(restaurant.data.name) : t('title.guests')
  return (
    <Page title={t('title.guests')} heading={name} above={<Back />} className="guests-page">
      {(restaurant.isPending || !loggedIn) && <Loading failure={restaurant.failureReason} />}
      <Problem error={restaurant.error} retry={restaurant.refetch} />
      {restaurant.data && loggedIn && <Day region={region} restaurant={restaurant.data} />}
    </Page>
  )
}

function Day({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const [params, setParams] = useSearchParams()
  const [message, setMessage] = useState<Message>()
  const today = useToday(restaurant.time_zone)
  const { value: date, fault } = dayOf(params.get('date'), today)
  const day: OwnerDay = { region, restaurant, date, onDone: (text) => setMessage({ text }) }
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
