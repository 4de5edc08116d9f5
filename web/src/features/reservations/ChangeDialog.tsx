import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { FreeTime, Reservation } from '../../api/client'
import { now } from '../../api/clock'
import { availabilityQuery } from '../../api/queries'
import { Dialog } from '../../components/Dialog'
import { Loading } from '../../components/Loading'
import { PartySelect } from '../../components/PartySelect'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { FreeTimes } from '../restaurant/FreeTimes'
import { dayIn, daysFrom, whenOf } from '../restaurant/times'
import type { RegionalReservation } from './regionalReservation'
import { useReservationAction } from './useReservationAction'
import { useRestaurantName } from './useRestaurantName'

const daysShown = 14
const week = 7 * 86_400_000

interface ChangeDialogProps {
  user: string
  item: RegionalReservation
  onClose(): void
  onDone(message: string): void
}

/** Moves a reservation to another time or party size; it stays as it is if the new seats are not available. */
export function ChangeDialog({ user, item, onClose, onDone }: ChangeDialogProps) {
  const { t, locale } = useTexts()
  const { region, reservation } = item
  const zone = reservation.time_zone
  const restaurant = useRestaurantName(item)
  const [from] = useState(() => new Date(Math.max(now(), Date.parse(reservation.start) - week)))
  const [party, setParty] = useState(reservation.party)
  const [day, setDay] = useState(dayIn(zone, reservation.start))
  const [slot, setSlot] = useState(reservation.slot_id)
  const free = useQuery({
    ...availabilityQuery(region, reservation.restaurant_id, party, from.toISOString(), daysShown),
    placeholderData: keepPreviousData,
  })
  const action = useReservationAction(user, item)

  const change = {
    ...(slot !== reservation.slot_id && { slot_id: slot }),
    ...(party !== reservation.party && { party }),
  }
  const same = Object.keys(change).length === 0
  return (
    <Dialog
      heading={t('change.heading')}
      dismissLabel={t('change.keep')}
      confirmLabel={t('change.confirm')}
      pendingLabel={t('change.pending')}
      pending={action.isPending}
      error={action.error}
      onConfirm={() =>
        same
          ? onClose()
          : action.mutate(change, { onSuccess: () => onDone(t('mine.changed', { restaurant })) })
      }
      onClose={onClose}
    >
      <p>{t('change.text', { restaurant, when: whenOf(reservation.start, zone, locale) })}</p>
      <PartySelect party={party} disabled={action.isPending} onChange={setParty} />
      {free.isPending && <Loading failure={free.failureReason} />}
      <Problem error={free.error} retry={free.refetch} />
      {free.isSuccess && (
        <FreeTimes
          days={daysFrom(from, zone, daysShown)}
          times={free.data.map((time) => withOwn(time, reservation))}
          party={party}
          zone={zone}
          day={day}
          slot={slot}
          disabled={action.isPending}
          waitlist={false}
          onDay={(chosen) => {
            setDay(chosen)
            setSlot(reservation.slot_id)
          }}
          onSlot={setSlot}
        />
      )}
    </Dialog>
  )
}

/** At the reservation's own time its own seats count as available. */
function withOwn(time: FreeTime, { slot_id, party }: Reservation): FreeTime {
  return time.slot_id === slot_id ? { ...time, available: time.available + party } : time
}
