import { Link } from 'react-router'
import { useTexts } from '../texts/texts'
import { Page } from './Page'

export function MissingPage() {
  const { t } = useTexts()
  return (
    <Page title={t('title.missing')} heading={t('title.missing')} className="narrow">
      <p>{t('missing.text')}</p>
      <p>
        <Link to="/">{t('missing.home')}</Link>
      </p>
    </Page>
  )
}
