import { useEffect, useRef, useState } from 'react'
import { useTexts } from '../../texts/texts'
import { CancelDialog } from './CancelDialog'
import { ReservationCard } from './ReservationCard'
import type { Placed } from './ReservationsPage'

const live = ['waiting', 'offered', 'confirmed', 'seated']

/** What is still to come, next visit first; then everything else, latest first. */
export function arrange(all: Placed[], now: number): { upcoming: Placed[]; past: Placed[] } {
  const at = ({ reservation }: Placed) => Date.parse(reservation.start)
  const isUpcoming = (each: Placed) => live.includes(each.reservation.status) && at(each) > now
  return {
    upcoming: all.filter(isUpcoming).sort((a, b) => at(a) - at(b)),
    past: all.filter((each) => !isUpcoming(each)).sort((a, b) => at(b) - at(a)),
  }
}

export function ReservationList({ user, reservations }: { user: string; reservations: Placed[] }) {
  const { t } = useTexts()
  const [leaving, setLeaving] = useState<Placed>()
  const [said, setSaid] = useState('')
  const news = useRef<HTMLParagraphElement>(null)
  const { upcoming, past } = arrange(reservations, Date.now())

  // The button that opened the dialog is gone with its reservation: the news takes the focus.
  useEffect(() => {
    if (said) news.current?.focus()
  }, [said])

  return (
    <>
      <p className="said" role="status" ref={news} tabIndex={-1}>
        {said}
      </p>
      <Group heading={t('mine.upcoming')} list={upcoming} onCancel={setLeaving} />
      <Group heading={t('mine.past')} list={past} />
      {leaving && (
        <CancelDialog
          key={leaving.reservation.id}
          user={user}
          placed={leaving}
          onClose={() => setLeaving(undefined)}
          onCancelled={(restaurant) => {
            setSaid(t('mine.cancelled', { restaurant }))
          }}
        />
      )}
    </>
  )
}

interface GroupProps {
  heading: string
  list: Placed[]
  onCancel?: (placed: Placed) => void
}

function Group({ heading, list, onCancel }: GroupProps) {
  if (list.length === 0) return null
  return (
    <section>
      <h2>{heading}</h2>
      <ul className="reservations">
        {list.map((placed) => (
          <li key={placed.reservation.id}>
            <ReservationCard placed={placed} onCancel={onCancel && (() => onCancel(placed))} />
          </li>
        ))}
      </ul>
    </section>
  )
}
