import { useSearchParams } from 'react-router'

/** A link to log in or sign up that returns to `to` afterwards. */
export function withReturn(path: '/login' | '/signup', to: string): string {
  return `${path}?${new URLSearchParams({ to })}`
}

/** The path to return to after logging in. Only a path of this site is accepted, never another host. */
export function useReturnPath(): string {
  const [params] = useSearchParams()
  return safePath(params.get('to'))
}

export function safePath(to: string | null): string {
  if (!to) return '/'
  const url = new URL(to, window.location.origin)
  return url.origin === window.location.origin && to.startsWith('/') ? url.pathname + url.search : '/'
}
