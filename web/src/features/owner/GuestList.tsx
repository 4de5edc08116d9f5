import { useQuery } from '@tanstack/react-query'
import { guestsQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { Guest } from './Guest'
import type { OwnerDay } from './ownerDay'
import { useNow } from './useNow'

const holding = ['offered', 'confirmed', 'seated']

/** All reservations of the day, by time, whatever their status. */
export function GuestList({ region, restaurant, date, onDone }: OwnerDay) {
  const { t, count } = useTexts()
  const now = useNow()
  const day = useQuery(guestsQuery(region, restaurant.id, date))
  const list = day.data?.guests ?? []
  const covers = list.reduce((sum, { status, party }) => sum + (holding.includes(status) ? party : 0), 0)
  return (
    <section aria-labelledby="guests">
      <h3 id="guests">{t('guests.heading')}</h3>
      {day.isPending && <Loading failure={day.failureReason} />}
      <Problem error={day.error} retry={day.refetch} />
      {day.isSuccess && (
        <p className="hint">{list.length > 0 ? count('guests', covers) : t('guests.empty')}</p>
      )}
      <ul className="reservations">
        {list.map((guest) => (
          <li key={guest.id}>
            <Guest region={region} guest={guest} now={now} onDone={onDone} />
          </li>
        ))}
      </ul>
    </section>
  )
}
