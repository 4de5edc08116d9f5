import { useQuery } from '@tanstack/react-query'
import { restaurantQuery } from '../../api/queries'
import { useTexts } from '../../texts/texts'
import type { RegionalReservation } from './regionalReservation'

/** The restaurant's name, or its id until the name is loaded. */
export function useRestaurantName({ region, reservation }: RegionalReservation): string {
  const { title } = useTexts()
  const { data } = useQuery({ ...restaurantQuery(region, reservation.restaurant_id), staleTime: 300_000 })
  return data ? title(data) : reservation.restaurant_id
}
