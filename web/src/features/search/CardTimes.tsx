import { Link } from 'react-router'
import type { DayTimes, Region, Restaurant } from '../../api/client'
import { useTexts } from '../../texts/texts'
import { restaurantPath, timeZones } from '../region/region'
import { shortWhen, timeOf } from '../restaurant/times'
import type { Visit } from './VisitPicker'

const shown = 3

interface CardTimesProps {
  region: Region
  restaurant: Restaurant
  /** The restaurant's times of the chosen day; undefined until they are loaded. */
  day: DayTimes | undefined
  visit: Visit
}

/** Links to the first free times of the day, or why there are none. */
export function CardTimes({ region, restaurant, day, visit: { date, party } }: CardTimesProps) {
  const { t, locale } = useTexts()
  if (!day) return null
  const { times, time_zone: zone = timeZones[region] } = day
  const free = times.filter(({ action }) => action === 'book').slice(0, shown)
  if (free.length > 0)
    return (
      <ul className="card-times" aria-label={t('times.heading')}>
        {free.map(({ slot_id, start }) => (
          <li key={slot_id}>
            <Link
              to={`${restaurantPath(region, restaurant.id)}?${new URLSearchParams({ party: String(party), day: date, slot: slot_id })}`}
            >
              {timeOf(start, zone, locale)}
            </Link>
          </li>
        ))}
      </ul>
    )
  const [opens] = times.flatMap(({ opens_at }) => opens_at ?? []).sort()
  return (
    <p className="sold-out">
      {times.some(({ reason }) => reason !== 'not_open_yet')
        ? t('search.full')
        : opens
          ? t('times.opens', { when: shortWhen(opens, zone, locale) })
          : t('search.none')}
    </p>
  )
}
