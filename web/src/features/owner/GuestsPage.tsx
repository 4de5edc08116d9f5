import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, Navigate, useLocation, useParams, useSearchParams } from 'react-router'
import type { Region, Restaurant } from '../../api/client'
import { restaurantQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { MissingPage } from '../../components/MissingPage'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { type Message, StatusMessage } from '../../components/StatusMessage'
import { useTexts } from '../../texts/texts'
import { withReturn } from '../account/returnPath'
import { useSession } from '../account/useSession'
import { regionOf } from '../region/region'
import { dayIn } from '../restaurant/times'
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
  const { pathname } = useLocation()
  if (!region) return <MissingPage />
  if (state.status === 'anonymous') return <Navigate to={withReturn('/login', pathname)} replace />
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
      {(restaurant.isPending || !loggedIn) && <Loading retrying={restaurant.failureCount > 0} />}
      <Problem error={restaurant.error} retry={restaurant.refetch} />
      {restaurant.data && loggedIn && <Day region={region} restaurant={restaurant.data} />}
    </Page>
  )
}

function Day({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const [params, setParams] = useSearchParams()
  const [message, setMessage] = useState<Message>()
  const requested = params.get('date') ?? ''
  const date = /^\d{4}-\d\d-\d\d$/.test(requested) ? requested : dayIn(restaurant.time_zone, new Date())
  const day: OwnerDay = { region, restaurant, date, onDone: (text) => setMessage({ text }) }
  return (
    <>
      <DayPicker date={date} onDate={(chosen) => setParams({ date: chosen }, { replace: true })} />
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
        {t('title.own')}
      </Link>
    </p>
  )
}
