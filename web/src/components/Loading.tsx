import { useTexts } from '../texts/texts'

/** Says that something is on its way; `busy` when the first try failed and another is due. */
export function Loading({ busy = false }: { busy?: boolean }) {
  const { t } = useTexts()
  return (
    <p className="loading" role="status">
      {busy ? t('loading.busy') : t('loading')}
    </p>
  )
}
