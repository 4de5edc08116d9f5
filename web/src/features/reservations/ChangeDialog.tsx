import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { FreeTime, Reservation } from '../../api/client'
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
  const restaurant = useRestaurantName(item)
  const [party, setParty] = useState(reservation.party)
  const [chosenDay, setDay] = useState<string>()
  const [slot, setSlot] = useState(reservation.slot_id)
  const weekBefore = Date.parse(reservation.start) - week
  const free = useQuery({
    ...availabilityQuery(region, reservation.restaurant_id, party, daysShown, weekBefore),
    placeholderData: keepPreviousData,
  })
  const zone = free.data?.zone ?? reservation.time_zone
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
          days={daysFrom(free.data.from, zone, daysShown)}
          times={free.data.times.map((time) => forMove(time, reservation, party))}
          zone={zone}
          day={chosenDay ?? dayIn(zone, reservation.start)}
          slot={slot}
          disabled={action.isPending}
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

/**
 * What a move can do with a time. At the reservation's own time its own seats are free too, and a
 * reservation cannot move to a waitlist.
 */
function forMove(time: FreeTime, own: Reservation, party: number): FreeTime {
  const available = time.available + (time.slot_id === own.slot_id ? own.party : 0)
  if (time.slot_id === own.slot_id && party <= available)
    return { ...time, available, action: 'book', reason: undefined }
  return time.action === 'wait' ? { ...time, action: 'none', reason: 'slot_full' } : time
}
