import { Link } from 'react-router'
import type { Region, Restaurant } from '../../api/client'
import type { DayTimes } from '../../api/queries'
import { useTexts } from '../../texts/texts'
import { restaurantPath, timeZones } from '../region/region'
import { timeOf } from '../restaurant/times'
import type { Visit } from './VisitPicker'

const shown = 3

interface CardTimesProps {
  region: Region
  restaurant: Restaurant
  /** The times of the chosen day; absent until they are loaded. */
  day: DayTimes | undefined
  visit: Visit
}

/** Links to the first free times of the day, or a note that the day is sold out. */
export function CardTimes({ region, restaurant, day, visit: { date, party } }: CardTimesProps) {
  const { t, locale } = useTexts()
  const times = day?.times ?? []
  const free = times.filter(({ action }) => action === 'book').slice(0, shown)
  if (free.length === 0)
    return times.some(({ reason }) => reason !== 'not_open_yet') ? (
      <p className="sold-out">{t('search.full')}</p>
    ) : null
  return (
    <ul className="card-times" aria-label={t('times.heading')}>
      {free.map(({ slot_id, start }) => (
        <li key={slot_id}>
          <Link
            to={`${restaurantPath(region, restaurant.id)}?${new URLSearchParams({ party: String(party), day: date, slot: slot_id })}`}
          >
            {timeOf(start, day?.time_zone ?? timeZones[region], locale)}
          </Link>
        </li>
      ))}
    </ul>
  )
}
