import { useQuery } from '@tanstack/react-query'
import { restaurantQuery } from '../../api/queries'
import { useTexts } from '../../texts/texts'
import type { RegionalReservation } from './regionalReservation'

/** The restaurant's name, or its id until the name is loaded. */
export function useRestaurantName({ region, reservation }: RegionalReservation): string {
  const { pick } = useTexts()
  const { data } = useQuery({ ...restaurantQuery(region, reservation.restaurant_id), staleTime: 300_000 })
  return data ? pick(data.name) : reservation.restaurant_id
}
