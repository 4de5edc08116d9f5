import { useMutation } from '@tanstack/react-query'
import { Link, Navigate, useLocation } from 'react-router'
import { api, type Credentials, session } from '../../api/client'
import { unwrap } from '../../api/problem'
import { Field } from '../../components/Field'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { SubmitButton } from '../../components/SubmitButton'
import { useTexts } from '../../texts/texts'
import { useRegion } from '../region/region'
import { useReturnPath, withReturn } from './returnPath'
import { useSession } from './useSession'

export function LogInPage() {
  const { t } = useTexts()
  const { region } = useRegion()
  const to = useReturnPath()
  const state = useSession()
  const { signedUp } = (useLocation().state ?? {}) as { signedUp?: boolean }

  const logIn = useMutation({
    mutationFn: (body: Credentials) => unwrap(api[region].POST('/v1/sessions', { body })),
    onSuccess: (created) => session.begin(created),
  })

  const submit = (form: FormData) =>
    logIn.mutate({ email: String(form.get('email')).trim(), password: String(form.get('password')) })

  if (state.status === 'user') return <Navigate to={to} replace />
  return (
    <Page title={t('title.login')} heading={t('account.login.heading')} className="narrow">
      {signedUp && <p role="status">{t('account.signed_up')}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit(new FormData(event.currentTarget))
        }}
      >
        <Field label={t('account.email')} name="email" type="email" autoComplete="username" required />
        <Field
          label={t('account.password')}
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <Problem error={logIn.error} />
        <SubmitButton
          label={t('account.login.submit')}
          pendingLabel={t('account.pending')}
          pending={logIn.isPending}
          error={logIn.error}
        />
      </form>
      <p className="aside">
        <span>{t('account.login.other')}</span> <Link to={withReturn('/signup', to)}>{t('nav.signup')}</Link>
      </p>
    </Page>
  )
}
