import { useTexts } from '../texts/texts'

/** The operator's page exists on a developer's machine only, and so does the link to it. */
const local = ['127.0.0.1', 'localhost'].includes(window.location.hostname)

export function Footer() {
  const { t } = useTexts()
  return (
    <footer className="site-footer">
      <p>{t('footer.promise')}</p>
      {local && <a href="/_local/">{t('footer.local')}</a>}
    </footer>
  )
}
