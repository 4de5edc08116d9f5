import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Link, useParams } from 'react-router'
import type { Region, Restaurant } from '../../api/client'
import { restaurantQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { MissingPage } from '../../components/MissingPage'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { RestaurantMark } from '../../components/RestaurantMark'
import { useTexts } from '../../texts/texts'
import { BookingPanel } from '../booking/BookingPanel'
import { regionOf, useRegion } from '../region/region'
import { Facts } from './Facts'

export function RestaurantPage() {
  const { region: segment, id = '' } = useParams()
  const region = regionOf(segment)
  return region ? <RestaurantInRegion key={`${region}/${id}`} region={region} id={id} /> : <MissingPage />
}

/** The URL decides the region, so that a shared link works for everybody; the region list follows it. */
function RestaurantInRegion({ region, id }: { region: Region; id: string }) {
  const { t } = useTexts()
  const { choose } = useRegion()
  useEffect(() => choose(region), [choose, region])
  const restaurant = useQuery(restaurantQuery(region, id))

  if (restaurant.isSuccess) return <RestaurantDetails region={region} restaurant={restaurant.data} />
  return (
    <Page title={t('title.restaurant')} heading={t('title.restaurant')} above={<Back />}>
      {restaurant.isPending && <Loading failure={restaurant.failureReason} />}
      <Problem error={restaurant.error} retry={restaurant.refetch} />
    </Page>
  )
}

function RestaurantDetails({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const { t, pick, other, title, language } = useTexts()
  return (
    <Page title={title(restaurant)} heading={title(restaurant)} above={<Back />} className="restaurant">
      <p className="other-name" lang={language === 'ko' ? 'en' : 'ko'}>
        {other(restaurant.name)}
      </p>
      <Facts region={region} restaurant={restaurant} />
      <div className="columns">
        <section aria-labelledby="about">
          <RestaurantMark id={restaurant.id} cuisine={restaurant.cuisine} />
          <h2 id="about" className="hidden">
            {t('restaurant.about')}
          </h2>
          <p className="lead">{pick(restaurant.description)}</p>
          <dl>
            <dt>{t('restaurant.address')}</dt>
            <dd>{restaurant.address}</dd>
          </dl>
        </section>
        <BookingPanel region={region} restaurant={restaurant} />
      </div>
    </Page>
  )
}

function Back() {
  const { t } = useTexts()
  return (
    <p className="back">
      <Link to="/">
        <span aria-hidden="true">← </span>
        <span>{t('restaurant.back')}</span>
      </Link>
    </p>
  )
}
