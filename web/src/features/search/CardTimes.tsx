import { Link } from 'react-router'
import type { FreeTime, Region, Restaurant } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { restaurantPath } from '../region/region'
import { stateOf, timeOf } from '../restaurant/times'
import type { Visit } from './VisitPicker'

const shown = 3

interface CardTimesProps {
  region: Region
  restaurant: Restaurant
  times: FreeTime[]
  visit: Visit
}

/** Links to the first free times of the day, or a note that the day is sold out. */
export function CardTimes({ region, restaurant, times, visit: { date, party } }: CardTimesProps) {
  const { t, locale } = useTexts()
  const free = times.filter((time) => stateOf(time, party) === 'free').slice(0, shown)
  if (free.length === 0)
    return times.some((time) => stateOf(time, party) === 'full') ? (
      <p className="sold-out">{t('search.full')}</p>
    ) : null
  return (
    <ul className="card-times" aria-label={t('times.heading')}>
      {free.map(({ slot_id, start }) => (
        <li key={slot_id}>
          <Link
            to={`${restaurantPath(region, restaurant.id)}?${new URLSearchParams({ party: String(party), day: date, slot: slot_id })}`}
          >
            {timeOf(start, restaurant.time_zone, locale)}
          </Link>
        </li>
      ))}
    </ul>
  )
}
