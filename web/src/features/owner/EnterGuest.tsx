import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useAttempt } from '../../api/attempt'
import { api, type GuestRequest, type Region } from '../../api/client'
import { now } from '../../api/clock'
import { unwrap } from '../../api/problem'
import { guestsKey, guestsQuery, refreshTimes, scheduleQuery } from '../../api/queries'
import { clearDraft, draftOf, saveDraft } from '../../browser/draft'
import { Field } from '../../components/Field'
import { PartySelect } from '../../components/PartySelect'
import { Problem } from '../../components/Problem'
import { SubmitButton } from '../../components/SubmitButton'
import { partyOf } from '../../params'
import { useTexts } from '../../texts/texts'
import { useSession } from '../account/useSession'
import { timeOf } from '../restaurant/times'
import type { OwnerDay } from './ownerDay'

/** Creates an owner entry: a phone booking or a walk-in. */
export function EnterGuest({ region, restaurant, zone, date, onDone }: OwnerDay) {
  const { t, count, locale } = useTexts()
  const id = useId()
  const { times, preset } = useTimes(region, restaurant.id, date)
  const state = useSession()
  const user = state.status === 'user' ? state.user.id : ''
  const place = `${restaurant.id} ${date}`
  const draft = draftOf(place, user)
  const [party, setParty] = useState(() => partyOf(draft('party')))
  const [slot, setSlot] = useState(() => draft('slot'))
  const [entered, setEntered] = useState(0)
  const enter = useEnter(region, restaurant.id)

  const submit = (form: HTMLFormElement) => {
    const fields = new FormData(form)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    const optional = Object.fromEntries(
      ['phone', 'note'].flatMap((name) => (text(name) ? [[name, text(name)]] : [])),
    )
    const guest = { slot_id: text('slot'), party, name: text('name'), walk_in: fields.has('walk_in') }
    const done = () => {
      clearDraft()
      setEntered(entered + 1)
      setParty(2)
      setSlot('')
      onDone(t('enter.done', { name: guest.name }))
    }
    enter.mutate({ ...guest, ...optional }, { onSuccess: done })
  }

  return (
    <form
      key={entered} // a new form for each guest
      className="panel"
      aria-labelledby={id}
      onChange={(event) => saveDraft(place, user, new FormData(event.currentTarget))}
      onSubmit={(event) => {
        event.preventDefault()
        if (!enter.isPending) submit(event.currentTarget)
      }}
    >
      <h3 id={id}>{t('enter.heading')}</h3>
      <div className="field">
        <label htmlFor={`${id}-slot`}>{t('times.time')}</label>
        <select
          id={`${id}-slot`}
          name="slot"
          required
          value={times.some(({ slot_id }) => slot_id === slot) ? slot : preset}
          onChange={(event) => setSlot(event.target.value)}
        >
          {times.map(({ slot_id, start, capacity, booked }) => (
            <option key={slot_id} value={slot_id}>
              {`${timeOf(start, zone, locale)} (${count('times.left', Math.max(0, capacity - booked))})`}
            </option>
          ))}
        </select>
      </div>
      <PartySelect party={party} onChange={setParty} />
      <Field
        label={t('account.name')}
        name="name"
        maxLength={100}
        required
        defaultValue={draft('name')}
        autoComplete="off"
      />
      <Field
        label={t('enter.phone')}
        name="phone"
        type="tel"
        maxLength={40}
        defaultValue={draft('phone')}
        autoComplete="off"
      />
      <Field
        label={t('mine.note')}
        name="note"
        maxLength={500}
        defaultValue={draft('note')}
        autoComplete="off"
      />
      <label className="check">
        <input type="checkbox" name="walk_in" defaultChecked={!!draft('walk_in')} />
        <span>{t('enter.walk_in')}</span>
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

/** The day's times whose visit is not over; the latest one that has begun is preselected, for a walk-in. */
function useTimes(region: Region, id: string, date: string) {
  const slots = useQuery(guestsQuery(region, id, date)).data?.slots ?? []
  const { dining_minutes = 90 } = useQuery(scheduleQuery(region, id)).data ?? {}
  const sinceStart = ({ start }: { start: string }) => now() - Date.parse(start)
  const times = slots.filter((slot) => sinceStart(slot) < dining_minutes * 60_000)
  const begun = times.findLast((slot) => sinceStart(slot) >= 0)
  return { times, preset: (begun ?? times[0])?.slot_id ?? '' }
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
