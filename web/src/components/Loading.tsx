import { useTexts } from '../texts/texts'

/** Shows that data is being loaded; `retrying` after the first attempt has failed. */
export function Loading({ retrying = false }: { retrying?: boolean }) {
  const { t } = useTexts()
  return (
    <p className="loading" role="status">
      {retrying ? t('loading.busy') : t('loading')}
    </p>
  )
}
