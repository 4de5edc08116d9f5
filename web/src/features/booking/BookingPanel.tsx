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
import { timeZones } from '../region/region'
import { FreeTimes } from '../restaurant/FreeTimes'
import { dayIn, daysFrom, isOffered, zoneName } from '../restaurant/times'
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
  const [params, setParams] = useSearchParams()
  const { value: party, fault: partyFault } = partyParam(params.get('party'))
  const [further, setFurther] = useState(() => {
    const first = daysFrom(nowDate(), timeZones[region], daysAtFirst)
    return dayOf(params.get('day'), '', first[0], first.at(-1)).fault === 'day.far'
  })
  const free = useQuery({
    ...availabilityQuery(region, restaurant.id, party, further ? daysAtMost : daysAtFirst),
    placeholderData: keepPreviousData,
  })
  const times = free.data?.times ?? []
  const zone = free.data?.zone ?? timeZones[region]
  const loaded = free.isSuccess && !free.isPlaceholderData
  const chosen = slotParam(params.get('slot'), loaded ? times.map((time) => time.slot_id) : undefined)
  const slot = times.find((time) => time.slot_id === chosen.value && isOffered(time))
  const days = free.data ? daysFrom(free.data.from, zone, free.data.days) : []
  const requested = dayOf(params.get('day'), '', days[0], days.at(-1))
  const day = requested.value || firstDayWith(times, zone)
  const booking = useBooking(region, restaurant.id)
  const waitlist = slot?.action === 'wait'

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
      <Corrections faults={[partyFault, loaded ? requested.fault : undefined, chosen.fault]}>
        {loaded && requested.fault && (
          <NearestDays
            days={nearestDays(requested.fault, times, zone)}
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
          zone={zone}
          day={day}
          slot={slot?.slot_id ?? ''}
          disabled={booking.isPending}
          later={free.data.days < daysAtMost ? { pending: further, show: () => setFurther(true) } : undefined}
          onDay={(chosen) => choose({ day: chosen, slot: '' })}
          onSlot={(chosen) => {
            booking.reset()
            choose({ day, slot: chosen })
          }}
        />
      )}
      {free.data?.zone && <Zone zone={free.data.zone} />}
      {slot && (
        <BookingForm
          restaurant={restaurant}
          zone={zone}
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
function firstDayWith(times: FreeTime[], zone: string) {
  const first = times.find(({ action }) => action === 'book') ?? times[0]
  return first ? dayIn(zone, first.start) : ''
}

/** Says in which zone the times are. */
function Zone({ zone }: { zone: string }) {
  const { t, locale } = useTexts()
  const name = zoneName(zone, locale, nowDate())
  return <p className="hint">{name ? t('restaurant.zone', { zone: name }) : t('restaurant.zone.unknown')}</p>
}
