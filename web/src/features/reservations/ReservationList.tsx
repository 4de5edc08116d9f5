import { useId, useState } from 'react'
import { News, type Said } from '../../components/News'
import { useTexts } from '../../texts/texts'
import { ChangeDialog } from './ChangeDialog'
import { LeaveDialog } from './LeaveDialog'
import { type CardProps, ReservationCard } from './ReservationCard'
import type { RegionalReservation } from './regionalReservation'

const live = ['waiting', 'offered', 'confirmed', 'seated']

/** What waits for an answer or in line, what is still to come, soonest first; then everything else, latest first. */
export function arrange(
  all: RegionalReservation[],
  now: number,
): Record<'waiting' | 'upcoming' | 'past', RegionalReservation[]> {
  const at = ({ reservation }: RegionalReservation) => Date.parse(reservation.start)
  const isUpcoming = (each: RegionalReservation) => live.includes(each.reservation.status) && at(each) > now
  const isWaiting = ({ reservation }: RegionalReservation) =>
    ['waiting', 'offered'].includes(reservation.status)
  const upcoming = all.filter(isUpcoming).sort((a, b) => at(a) - at(b))
  return {
    waiting: upcoming.filter(isWaiting),
    upcoming: upcoming.filter((each) => !isWaiting(each)),
    past: all.filter((each) => !isUpcoming(each)).sort((a, b) => at(b) - at(a)),
  }
}

type Asking = { about: 'change' | 'leave'; item: RegionalReservation }

export function ReservationList({
  user,
  reservations,
}: {
  user: string
  reservations: RegionalReservation[]
}) {
  const { t } = useTexts()
  const [asking, setAsking] = useState<Asking>()
  const [said, setSaid] = useState<Said>()
  const { waiting, upcoming, past } = arrange(reservations, Date.now())
  const done = (text: string) => {
    setAsking(undefined)
    setSaid({ text })
  }
  const card = {
    user,
    onChange: (item: RegionalReservation) => setAsking({ about: 'change', item }),
    onLeave: (item: RegionalReservation) => setAsking({ about: 'leave', item }),
    onDone: done,
  }
  const Question = asking?.about === 'change' ? ChangeDialog : LeaveDialog
  return (
    <>
      <News said={said} />
      <Group heading={t('mine.waiting')} list={waiting} card={card} />
      <Group heading={t('mine.upcoming')} list={upcoming} card={card} />
      <Group heading={t('mine.past')} list={past} card={card} />
      {asking && (
        <Question user={user} item={asking.item} onClose={() => setAsking(undefined)} onDone={done} />
      )}
    </>
  )
}

interface GroupProps {
  heading: string
  list: RegionalReservation[]
  card: Omit<CardProps, 'item'>
}

function Group({ heading, list, card }: GroupProps) {
  const id = useId()
  if (list.length === 0) return null
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{heading}</h2>
      <ul className="reservations">
        {list.map((item) => (
          <li key={item.reservation.id}>
            <ReservationCard item={item} {...card} />
          </li>
        ))}
      </ul>
    </section>
  )
}
