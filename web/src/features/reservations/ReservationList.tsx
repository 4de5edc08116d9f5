import { useId, useState } from 'react'
import { now } from '../../api/clock'
import { type Message, StatusMessage } from '../../components/StatusMessage'
import { useTexts } from '../../texts/texts'
import { ChangeDialog } from './ChangeDialog'
import { LeaveDialog } from './LeaveDialog'
import { type CardProps, ReservationCard } from './ReservationCard'
import type { RegionalReservation } from './regionalReservation'

const live = ['waiting', 'offered', 'confirmed', 'seated']

/** Groups reservations: on the waitlist or offered, upcoming (both soonest first), and all others (latest first). */
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

type OpenDialog = { kind: 'change' | 'leave'; item: RegionalReservation }

export function ReservationList({
  user,
  reservations,
}: {
  user: string
  reservations: RegionalReservation[]
}) {
  const { t } = useTexts()
  const [dialog, setDialog] = useState<OpenDialog>()
  const [message, setMessage] = useState<Message>()
  const { waiting, upcoming, past } = arrange(reservations, now())
  const done = (text: string) => {
    setDialog(undefined)
    setMessage({ text })
  }
  const card = {
    user,
    onChange: (item: RegionalReservation) => setDialog({ kind: 'change', item }),
    onLeave: (item: RegionalReservation) => setDialog({ kind: 'leave', item }),
    onDone: done,
  }
  const DialogOfKind = dialog?.kind === 'change' ? ChangeDialog : LeaveDialog
  return (
    <>
      <StatusMessage message={message} />
      <Group heading={t('mine.waiting')} list={waiting} card={card} />
      <Group heading={t('mine.upcoming')} list={upcoming} card={card} />
      <Group heading={t('mine.past')} list={past} card={card} />
      {dialog && (
        <DialogOfKind user={user} item={dialog.item} onClose={() => setDialog(undefined)} onDone={done} />
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
