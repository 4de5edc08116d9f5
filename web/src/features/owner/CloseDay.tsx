import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client'
import { unwrap } from '../../api/problem'
import { guestsKey, guestsQuery, refreshTimes } from '../../api/queries'
import { Dialog } from '../../components/Dialog'
import { Field } from '../../components/Field'
import { Problem } from '../../components/Problem'
import { useTexts } from '../../texts/texts'
import { dayParts } from '../restaurant/times'
import type { OwnerDay } from './ownerDay'

/** Closes a day, or opens a closed day again. */
export function CloseDay({ region, restaurant, date, onDone }: OwnerDay) {
  const { t, locale } = useTexts()
  const [confirming, setConfirming] = useState(false)
  const closed = useQuery(guestsQuery(region, restaurant.id, date)).data?.closed
  const { close, reopen } = useClosure({ region, restaurant, date })

  const confirm = (reason: string) =>
    close.mutate(reason, {
      onSuccess: ({ cancelled }) => {
        setConfirming(false)
        onDone(t('close.done', { n: cancelled }))
      },
    })
  const open = () => reopen.mutate(undefined, { onSuccess: () => onDone(t('close.reopened')) })

  return (
    <div className="close-day">
      <Problem error={reopen.error} />
      {closed ? (
        <button type="button" aria-disabled={reopen.isPending} onClick={() => !reopen.isPending && open()}>
          {t('close.reopen')}
        </button>
      ) : (
        <button type="button" onClick={() => setConfirming(true)}>
          {t('close.button')}
        </button>
      )}
      {confirming && (
        <Dialog
          heading={t('close.heading')}
          dismissLabel={t('close.keep')}
          confirmLabel={t('close.confirm')}
          pendingLabel={t('account.pending')}
          pending={close.isPending}
          error={close.error}
          onConfirm={(form) => confirm(String(form.get('reason')).trim())}
          onClose={() => setConfirming(false)}
        >
          <p>{t('close.text', { day: dayParts(date, locale).full })}</p>
          <Field label={t('close.reason')} name="reason" maxLength={200} autoComplete="off" />
        </Dialog>
      )}
    </div>
  )
}

function useClosure({ region, restaurant: { id }, date }: Pick<OwnerDay, 'region' | 'restaurant' | 'date'>) {
  const queries = useQueryClient()
  const onSuccess = () => {
    refreshTimes(queries, region, id)
    return queries.invalidateQueries({ queryKey: guestsKey(region, id) })
  }
  const close = useMutation({
    mutationFn: (reason: string) =>
      unwrap(
        api[region].POST('/v1/restaurants/{id}/closures', {
          params: { path: { id } },
          body: { date, ...(reason && { reason }) },
        }),
      ),
    onSuccess,
  })
  const reopen = useMutation({
    mutationFn: () =>
      unwrap(api[region].DELETE('/v1/restaurants/{id}/closures/{date}', { params: { path: { id, date } } })),
    onSuccess,
  })
  return { close, reopen }
}
