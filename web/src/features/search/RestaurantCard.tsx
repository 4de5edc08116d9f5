import { Link } from 'react-router'
import type { Region, Restaurant } from '../../api/client'
import { PlaceMark } from '../../components/PlaceMark'
import { useTexts } from '../../texts/texts'
import { restaurantPath } from '../region/region'
import { Facts } from '../restaurant/Facts'

export function RestaurantCard({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const { pick } = useTexts()
  return (
    <article className="card">
      <PlaceMark id={restaurant.id} cuisine={restaurant.cuisine} />
      <div>
        <h3>
          <Link to={restaurantPath(region, restaurant.id)}>{pick(restaurant.name)}</Link>
        </h3>
        <Facts region={region} restaurant={restaurant} />
        <p className="words">{pick(restaurant.description)}</p>
      </div>
    </article>
  )
}
