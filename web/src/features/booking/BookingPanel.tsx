import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useAttempt } from '../../api/attempt'
import { api, type FreeTime, type Region, type Restaurant } from '../../api/client'
import { ApiError, unwrap } from '../../api/problem'
import { availabilityKey, availabilityQuery } from '../../api/queries'
import { Loading } from '../../components/Loading'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { FreeTimes } from '../restaurant/FreeTimes'
import { dayIn, daysFrom } from '../restaurant/times'
import { Booked } from './Booked'
import { BookingForm } from './BookingForm'

const daysShown = 14
const largestParty = 8

/** After these refusals the times on show are out of date. */
const outdated = ['slot_full', 'slot_closed', 'slot_not_found']

/**
 * From a party to a booked table. Party, day and time stand in the address, so
 * that logging in on the way, a reload or a shared link keep them.
 */
export function BookingPanel({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const { t, count } = useTexts()
  const heading = useId()
  const [now] = useState(() => new Date())
  const [params, setParams] = useSearchParams()
  const party = partyOf(params.get('party'))
  const zone = restaurant.time_zone
  const free = useQuery({
    ...availabilityQuery(region, restaurant.id, party, now.toISOString(), daysShown),
    placeholderData: keepPreviousData,
  })
  const times = free.data ?? []
  const slot = times.find((time) => time.slot_id === params.get('slot'))
  const days = daysFrom(now, zone, daysShown)
  const day = dayShown(params.get('day'), days, times, zone)
  const booking = useBooking(region, restaurant.id)

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
      <label className="party">
        <span>{t('times.party')}</span>
        <select
          value={party}
          disabled={booking.isPending}
          onChange={(event) => choose({ party: event.target.value })}
        >
          {Array.from({ length: largestParty }, (_, i) => i + 1).map((n) => (
            <option key={n} value={n}>
              {count('guests', n)}
            </option>
          ))}
        </select>
      </label>
      {free.isPending && <Loading busy={free.failureCount > 0} />}
      <Problem error={free.error} retry={free.refetch} />
      {free.isSuccess && (
        <FreeTimes
          days={days}
          times={times}
          zone={zone}
          day={day}
          slot={slot?.slot_id ?? ''}
          fixed={booking.isPending}
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
          pending={booking.isPending}
          error={booking.error}
          book={(note) => booking.mutate({ slot_id: slot.slot_id, party, ...(note && { note }) })}
        />
      )}
      <Problem error={booking.error} />
    </section>
  )
}

function useBooking(region: Region, restaurant: string) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (body: { slot_id: string; party: number; note?: string }) =>
      unwrap(
        api[region].POST('/v1/reservations', {
          params: { header: { 'Idempotency-Key': attempt.keyFor(body) } },
          body,
        }),
      ),
    onSuccess: () => {
      attempt.succeeded()
      void queries.invalidateQueries({ queryKey: ['mine'] })
      void queries.invalidateQueries({ queryKey: availabilityKey(region, restaurant) })
    },
    onError: (error) => {
      if (error instanceof ApiError && outdated.includes(error.reason))
        void queries.invalidateQueries({ queryKey: availabilityKey(region, restaurant) })
    },
  })
}

function partyOf(text: string | null): number {
  const party = Number(text)
  return Number.isInteger(party) && party >= 1 && party <= largestParty ? party : 2
}

/** The day that was asked for, or else the first with a free time. */
function dayShown(asked: string | null, days: string[], times: FreeTime[], zone: string): string {
  if (asked && days.includes(asked)) return asked
  return times[0] ? dayIn(zone, times[0].start) : ''
}
