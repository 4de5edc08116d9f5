import type { Region, Restaurant } from '../../api/client'

/** One day of one restaurant, as the parts of the owner's page get it. */
export interface OwnerDay {
  region: Region
  restaurant: Restaurant
  /** The zone of the restaurant's schedule. */
  zone: string
  /** YYYY-MM-DD on the restaurant's own calendar. */
  date: string
  onDone(message: string): void
}
