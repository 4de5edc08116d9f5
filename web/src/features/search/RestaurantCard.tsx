import { Link, useSearchParams } from 'react-router'
import type { DayTimes, Region, Restaurant } from '../../api/client'
import { RestaurantMark } from '../../components/RestaurantMark'
import { useTexts } from '../../texts/texts'
import { restaurantPath } from '../region/region'
import { Facts } from '../restaurant/Facts'
import { CardTimes } from './CardTimes'
import type { Visit } from './VisitPicker'

interface RestaurantCardProps {
  region: Region
  restaurant: Restaurant
  /** The times of the chosen day; undefined until they are loaded. */
  day: DayTimes | undefined
  visit: Visit
}

export function RestaurantCard({ region, restaurant, day, visit }: RestaurantCardProps) {
  const { pick, title } = useTexts()
  const [params] = useSearchParams()
  // The link carries a chosen day and party along.
  const chosen = params.has('day')
    ? `?${new URLSearchParams({ party: String(visit.party), day: visit.date })}`
    : ''
  return (
    <article className="card">
      <RestaurantMark id={restaurant.id} cuisine={restaurant.cuisine} />
      <div>
        <h3>
          <Link to={restaurantPath(region, restaurant.id) + chosen}>{title(restaurant)}</Link>
        </h3>
        <Facts region={region} restaurant={restaurant} />
        <p className="words">{pick(restaurant.description)}</p>
        <CardTimes region={region} restaurant={restaurant} day={day} visit={visit} />
      </div>
    </article>
  )
}
