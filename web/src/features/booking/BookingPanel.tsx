import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useSearchParams } from 'react-router'
import type { FreeTime, Region, Restaurant } from '../../api/client'
import { nowDate } from '../../api/clock'
import { availabilityQuery } from '../../api/queries'
import { Corrections } from '../../components/Corrections'
import { Loading } from '../../components/Loading'
import { PartySelect } from '../../components/PartySelect'
import { Problem } from '../../components/Problem'
import { dayOf, partyParam, slotParam } from '../../params'
import { useTexts } from '../../texts/texts'
import { FreeTimes } from '../restaurant/FreeTimes'
import { dayIn, daysFrom, stateOf } from '../restaurant/times'
import { Booked } from './Booked'
import { BookingForm } from './BookingForm'
import { NearestDays, nearestDays } from './NearestDays'
import { useBooking } from './useBooking'

const daysAtFirst = 14
const daysAtMost = 28

/**
 * Chooses party, day and time, then books or joins the waitlist. The choice is
 * in the URL, so that it survives logging in and a reload and can be shared.
 */
export function BookingPanel({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const { t } = useTexts()
  const heading = useId()
  const [now] = useState(() => nowDate())
  const [params, setParams] = useSearchParams()
  const { value: party, fault: partyFault } = partyParam(params.get('party'))
  const zone = restaurant.time_zone
  const reachable = daysFrom(now, zone, daysAtMost)
  const requested = dayOf(params.get('day'), '', reachable[0], reachable.at(-1))
  const [further, setFurther] = useState(
    () => requested.fault === 'day.far' || reachable.indexOf(requested.value) >= daysAtFirst,
  )
  const daysShown = further ? daysAtMost : daysAtFirst
  const free = useQuery({
    ...availabilityQuery(region, restaurant.id, party, now.toISOString(), daysShown),
    placeholderData: keepPreviousData,
  })
  const times = free.data ?? []
  const loaded = free.isSuccess && !free.isPlaceholderData
  const chosen = slotParam(params.get('slot'), loaded ? times.map((time) => time.slot_id) : undefined)
  const slot = times.find((time) => time.slot_id === chosen.value && stateOf(time, party) !== 'later')
  const days = reachable.slice(0, daysShown)
  const day = requested.value || firstDayWith(times, party, zone)
  const booking = useBooking(region, restaurant.id)
  const waitlist = !!slot && stateOf(slot, party) === 'full'

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
      <Corrections faults={[partyFault, requested.fault, chosen.fault]}>
        {requested.fault && (
          <NearestDays
            days={nearestDays(requested.fault, times, party, zone)}
            onDay={(nearest) => choose({ day: nearest, slot: '' })}
          />
        )}
      </Corrections>
      {free.isPending && <Loading failure={free.failureReason} />}
      <Problem error={free.error} retry={free.refetch} />
      {free.isSuccess && (
        <FreeTimes
          days={days}
          times={times}
          party={party}
          zone={zone}
          day={day}
          slot={slot?.slot_id ?? ''}
          disabled={booking.isPending}
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
          waitlist={waitlist}
          pending={booking.isPending}
          error={booking.error}
          book={(note) => booking.mutate({ waitlist, slot_id: slot.slot_id, party, ...(note && { note }) })}
        />
      )}
      <Problem error={booking.error} />
    </section>
  )
}

/** The first day with a free time, else the first day with any time. */
function firstDayWith(times: FreeTime[], party: number, zone: string) {
  const first = times.find((time) => stateOf(time, party) === 'free') ?? times[0]
  return first ? dayIn(zone, first.start) : ''
}
