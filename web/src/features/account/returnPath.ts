import { useSearchParams } from 'react-router'

/** The path of the page to come back to after logging in, as a link's query. */
export function withReturn(path: '/login' | '/signup', to: string): string {
  return `${path}?${new URLSearchParams({ to })}`
}

/** Where to go after logging in. Only a path of this site is followed, never another host. */
export function useReturnPath(): string {
  const [params] = useSearchParams()
  return safePath(params.get('to'))
}

export function safePath(to: string | null): string {
  if (!to) return '/'
  const url = new URL(to, window.location.origin)
  return url.origin === window.location.origin && to.startsWith('/') ? url.pathname + url.search : '/'
}
