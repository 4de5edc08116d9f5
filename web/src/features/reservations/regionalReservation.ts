import type { Region, Reservation } from '../../api/client'

/** A reservation and its restaurant's region, which the API does not repeat in the body. */
export interface RegionalReservation {
  region: Region
  reservation: Reservation
}
