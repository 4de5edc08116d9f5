import { useMutation } from '@tanstack/react-query'
import { Link, Navigate } from 'react-router'
import { api, type Credentials, type SignUp, session } from '../../api/client'
import { ApiError, unwrap } from '../../api/problem'
import { Field } from '../../components/Field'
import { Page } from '../../components/Page'
import { Problem } from '../../components/Problem'
import { SubmitButton } from '../../components/SubmitButton'
import { useTexts } from '../../texts/texts'
import { useRegion } from '../region/region'
import { useReturnPath, withReturn } from './returnPath'
import { useSession } from './useSession'

export function SignUpPage() {
  const { t, language } = useTexts()
  const { region } = useRegion()
  const to = useReturnPath()
  const state = useSession()

  // One region writes users. In the others the new account arrives a moment later.
  const logIn = useMutation({
    mutationFn: (body: Credentials) => unwrap(api[region].POST('/v1/sessions', { body })),
    onSuccess: (created) => session.begin(created),
    retry: (failures, error) => failures < 5 && error instanceof ApiError && error.status === 401,
    retryDelay: (failures) => 200 * 2 ** failures, // 6 s in all
  })
  const signUp = useMutation({
    mutationFn: (body: SignUp) => unwrap(api[region].POST('/v1/users', { body })),
    onSuccess: (_, { email, password }) => logIn.mutate({ email, password }),
  })

  const submit = (form: FormData) =>
    signUp.mutate({
      name: String(form.get('name')).trim(),
      email: String(form.get('email')).trim(),
      password: String(form.get('password')),
      locale: language,
      ...(form.get('phone') && { phone: String(form.get('phone')).trim() }),
    })

  const errorOf = (field: 'name' | 'email' | 'password' | 'phone') =>
    signUp.error instanceof ApiError && signUp.error.pointer === `/${field}` ? t(`field.${field}`) : undefined

  if (state.status === 'user') return <Navigate to={to} replace />
  if (logIn.isError) return <Navigate to={withReturn('/login', to)} state={{ signedUp: true }} replace />
  return (
    <Page title={t('title.signup')} heading={t('account.signup.heading')} className="narrow">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit(new FormData(event.currentTarget))
        }}
      >
        <Field
          label={t('account.name')}
          name="name"
          autoComplete="name"
          maxLength={100}
          required
          error={errorOf('name')}
        />
        <Field
          label={t('account.email')}
          name="email"
          type="email"
          autoComplete="username"
          maxLength={254}
          required
          error={errorOf('email')}
        />
        <Field
          label={t('account.password')}
          hint={t('account.password.hint')}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={10}
          maxLength={200}
          required
          error={errorOf('password')}
        />
        <Field
          label={t('account.phone')}
          hint={t('account.phone.hint')}
          name="phone"
          type="tel"
          autoComplete="tel"
          maxLength={30}
          error={errorOf('phone')}
        />
        <Problem error={signUp.error} />
        <SubmitButton
          label={t('account.signup.submit')}
          pendingLabel={t('account.pending')}
          pending={signUp.isPending || logIn.isPending}
          error={signUp.error}
        />
      </form>
      <p className="aside">
        <span>{t('account.signup.other')}</span> <Link to={withReturn('/login', to)}>{t('nav.login')}</Link>
      </p>
    </Page>
  )
}
