import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useSearchParams } from 'react-router'
import type { FreeTime, Region, Restaurant } from '../../api/client'
import { availabilityQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { PartySelect, partyOf } from '../../components/PartySelect'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { FreeTimes } from '../restaurant/FreeTimes'
import { dayIn, daysFrom, stateOf } from '../restaurant/times'
import { Booked } from './Booked'
import { BookingForm } from './BookingForm'
import { useBooking } from './useBooking'

const daysAtFirst = 14
const daysAtMost = 28

/**
 * From a party to a booked table, or to a place in line for one. Party, day and
 * time stand in the address, so that logging in on the way, a reload or a
 * shared link keep them.
 */
export function BookingPanel({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const { t } = useTexts()
  const heading = useId()
  const [now] = useState(() => new Date())
  const [params, setParams] = useSearchParams()
  const party = partyOf(params.get('party'))
  const zone = restaurant.time_zone
  const asked = params.get('day') ?? ''
  const [further, setFurther] = useState(() => asked > (daysFrom(now, zone, daysAtFirst).at(-1) ?? ''))
  const daysShown = further ? daysAtMost : daysAtFirst
  const free = useQuery({
    ...availabilityQuery(region, restaurant.id, party, now.toISOString(), daysShown),
    placeholderData: keepPreviousData,
  })
  const times = free.data ?? []
  const slot = times.find((time) => time.slot_id === params.get('slot') && stateOf(time, party) !== 'later')
  const days = daysFrom(now, zone, daysShown)
  const day = dayShown(asked, days, times, party, zone)
  const booking = useBooking(region, restaurant.id)
  const line = !!slot && stateOf(slot, party) === 'full'

  const choose = (changes: Record<string, string>) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        for (const [name, value] of Object.entries(changes)) {
          if (value) after.set(name, value)
          else after.delete(name)
        }
        return after
      },
      { replace: true, preventScrollReset: true },
    )

  if (booking.data) return <Booked restaurant={restaurant} reservation={booking.data} />
  return (
    <section className="panel" aria-labelledby={heading}>
      <h2 id={heading}>{t('times.heading')}</h2>
      <PartySelect
        party={party}
        disabled={booking.isPending}
        onChange={(chosen) => choose({ party: String(chosen) })}
      />
      {free.isPending && <Loading busy={free.failureCount > 0} />}
      <Problem error={free.error} retry={free.refetch} />
      {free.isSuccess && (
        <FreeTimes
          days={days}
          times={times}
          party={party}
          zone={zone}
          day={day}
          slot={slot?.slot_id ?? ''}
          fixed={booking.isPending}
          waitlist
          onLater={further ? undefined : () => setFurther(true)}
          onDay={(chosen) => choose({ day: chosen, slot: '' })}
          onSlot={(chosen) => {
            booking.reset()
            choose({ day, slot: chosen })
          }}
        />
      )}
      {slot && (
        <BookingForm
          restaurant={restaurant}
          slot={slot}
          party={party}
          line={line}
          pending={booking.isPending}
          error={booking.error}
          book={(note) => booking.mutate({ line, slot_id: slot.slot_id, party, ...(note && { note }) })}
        />
      )}
      <Problem error={booking.error} />
    </section>
  )
}

/** The day that was asked for, or else the first with a free time, or with any. */
function dayShown(asked: string, days: string[], times: FreeTime[], party: number, zone: string) {
  if (days.includes(asked)) return asked
  const first = times.find((time) => stateOf(time, party) === 'free') ?? times[0]
  return first ? dayIn(zone, first.start) : ''
}
