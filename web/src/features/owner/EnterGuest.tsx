import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useAttempt } from '../../api/attempt'
import { api, type GuestRequest, type Region } from '../../api/client'
import { unwrap } from '../../api/problem'
import { dayQuery, guestsKey, guestsQuery, refreshTimes } from '../../api/queries'
import { Field } from '../../components/Field'
import { PartySelect } from '../../components/PartySelect'
import { Problem } from '../../components/Problem'
import { SubmitButton } from '../../components/SubmitButton'
import { useTexts } from '../../texts/texts'
import { timeOf } from '../restaurant/times'
import type { Place } from './GuestsPage'

const largestParty = 20

/** Somebody who called, or who stands at the door. */
export function EnterGuest({ region, restaurant, date, onDone }: Place) {
  const { t, count, locale } = useTexts()
  const id = useId()
  const times = useTimes(region, restaurant.id, date)
  const [party, setParty] = useState(2)
  const enter = useEnter(region, restaurant.id)

  const submit = (form: HTMLFormElement) => {
    const said = new FormData(form)
    const text = (name: string) => String(said.get(name) ?? '').trim()
    const optional = Object.fromEntries(
      ['phone', 'note'].flatMap((name) => (text(name) ? [[name, text(name)]] : [])),
    )
    const guest = { slot_id: text('slot'), party, name: text('name'), walk_in: said.has('walk_in') }
    const done = () => {
      form.reset()
      setParty(2)
      onDone(t('enter.done', { name: guest.name }))
    }
    enter.mutate({ ...guest, ...optional }, { onSuccess: done })
  }

  return (
    <form
      className="panel"
      aria-labelledby={id}
      onSubmit={(event) => {
        event.preventDefault()
        if (!enter.isPending) submit(event.currentTarget)
      }}
    >
      <h3 id={id}>{t('enter.heading')}</h3>
      <div className="field">
        <label htmlFor={`${id}-slot`}>{t('times.time')}</label>
        <select id={`${id}-slot`} name="slot" required>
          {times.map(({ slot_id, start, available }) => (
            <option key={slot_id} value={slot_id}>
              {timeOf(start, restaurant.time_zone, locale)}
              {available !== undefined && ` (${count('times.left', available)})`}
            </option>
          ))}
        </select>
      </div>
      <PartySelect party={party} largest={largestParty} onChange={setParty} />
      <Field label={t('account.name')} name="name" maxLength={100} required autoComplete="off" />
      <Field label={t('enter.phone')} name="phone" type="tel" maxLength={40} autoComplete="off" />
      <Field label={t('mine.note')} name="note" maxLength={500} autoComplete="off" />
      <label className="check">
        <input type="checkbox" name="walk_in" />
        {t('enter.walk_in')}
      </label>
      <Problem error={enter.error} />
      <SubmitButton
        label={t('enter.submit')}
        pendingLabel={t('account.pending')}
        pending={enter.isPending}
        error={enter.error}
      />
    </form>
  )
}

/** Times to come, and those that are under way as far as anybody is on the list for them. */
function useTimes(region: Region, id: string, date: string) {
  const coming = useQuery(dayQuery(region, id, date)).data ?? []
  const guests = useQuery(guestsQuery(region, id, date)).data ?? []
  const times = new Map<string, { slot_id: string; start: string; available?: number }>()
  for (const { slot_id, start, end } of guests)
    if (Date.parse(end) > Date.now()) times.set(slot_id, { slot_id, start })
  for (const time of coming) times.set(time.slot_id, time)
  return [...times.values()].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))
}

function useEnter(region: Region, id: string) {
  const queries = useQueryClient()
  const attempt = useAttempt()
  return useMutation({
    mutationFn: (body: GuestRequest) =>
      unwrap(
        api[region].POST('/v1/restaurants/{id}/reservations', {
          params: { path: { id }, header: { 'Idempotency-Key': attempt.keyFor(body) } },
          body,
        }),
      ),
    onSuccess: () => {
      attempt.succeeded()
      void queries.invalidateQueries({ queryKey: guestsKey(region, id) })
      refreshTimes(queries, region, id)
    },
  })
}
