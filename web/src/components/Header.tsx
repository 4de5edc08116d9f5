import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, NavLink, useNavigate } from 'react-router'
import { api, session } from '../api/client'
import { ApiError, unwrap } from '../api/problem'
import { clearDraft } from '../browser/draft'
import { useSession } from '../features/account/useSession'
import { RegionSelect } from '../features/region/RegionSelect'
import { useRegion } from '../features/region/region'
import { useTexts } from '../texts/texts'
import { Problem } from './Problem'

export function Header() {
  const { t, language, choose: chooseLanguage } = useTexts()
  const state = useSession()
  const owner = state.status === 'user' && state.user.own.length > 0

  return (
    <header className="site-header">
      <div className="bar">
        <Link to="/" className="brand">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <circle cx="16" cy="16" r="14" />
            <circle cx="16" cy="16" r="6" />
          </svg>
          <span>{t('brand')}</span>
        </Link>
        <nav aria-label={t('nav.label')}>
          <NavLink to="/" end>
            {t('nav.search')}
          </NavLink>
          <NavLink to="/reservations">{t('nav.reservations')}</NavLink>
          {owner && <NavLink to="/own">{t('nav.own')}</NavLink>}
        </nav>
        <div className="tools">
          <RegionSelect />
          <button
            type="button"
            className="quiet"
            lang={language === 'ko' ? 'en' : 'ko'}
            onClick={() => chooseLanguage(language === 'ko' ? 'en' : 'ko')}
          >
            {t('nav.language')}
          </button>
          <Account />
        </div>
      </div>
    </header>
  )
}

function Account() {
  const { t } = useTexts()
  const { region } = useRegion()
  const state = useSession()
  const queries = useQueryClient()
  const navigate = useNavigate()

  const logOut = useMutation({
    mutationFn: async () => {
      try {
        await unwrap(api[region].DELETE('/v1/sessions/current'))
      } catch (error) {
        // The session has already ended, which is the goal.
        if (!(error instanceof ApiError && error.status === 401)) throw error
      }
    },
    onSuccess: () => {
      session.end()
      clearDraft()
      queries.removeQueries({ queryKey: ['mine'] })
      queries.removeQueries({ queryKey: ['guests'] })
      navigate('/')
    },
  })

  if (state.status === 'unknown') return null
  if (state.status === 'anonymous') return <Link to="/login">{t('nav.login')}</Link>
  return (
    <>
      <span className="user-name">
        <span className="hidden">{t('nav.user', { name: state.user.name })}</span>
        <span aria-hidden="true">{state.user.name}</span>
      </span>
      <button type="button" className="quiet" onClick={() => logOut.mutate()}>
        {t('nav.logout')}
      </button>
      <Problem error={logOut.error} />
    </>
  )
}
