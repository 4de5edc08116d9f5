import { Link, useSearchParams } from 'react-router'
import type { FreeTime, Region, Restaurant } from '../../api/client'
import { PlaceMark } from '../../components/PlaceMark'
import { useTexts } from '../../texts/texts'
import { restaurantPath } from '../region/region'
import { Facts } from '../restaurant/Facts'
import { CardTimes } from './CardTimes'
import type { Wish } from './WhenPicker'

interface RestaurantCardProps {
  region: Region
  restaurant: Restaurant
  /** Of the wished day; none while they are not known. */
  times: FreeTime[]
  wish: Wish
}

export function RestaurantCard({ region, restaurant, times, wish }: RestaurantCardProps) {
  const { pick } = useTexts()
  const [params] = useSearchParams()
  // A day and a party that somebody has chosen here need not be chosen again there.
  const chosen = params.has('day')
    ? `?${new URLSearchParams({ party: String(wish.party), day: wish.date })}`
    : ''
  return (
    <article className="card">
      <PlaceMark id={restaurant.id} cuisine={restaurant.cuisine} />
      <div>
        <h3>
          <Link to={restaurantPath(region, restaurant.id) + chosen}>{pick(restaurant.name)}</Link>
        </h3>
        <Facts region={region} restaurant={restaurant} />
        <p className="words">{pick(restaurant.description)}</p>
        <CardTimes region={region} restaurant={restaurant} times={times} wish={wish} />
      </div>
    </article>
  )
}
