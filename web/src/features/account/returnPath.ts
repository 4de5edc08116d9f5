import { useSearchParams } from 'react-router'
import { pathParam } from '../../params'

/** A link to log in or sign up that returns to `to` afterwards. */
export function withReturn(path: '/login' | '/signup', to: string): string {
  return `${path}?${new URLSearchParams({ to })}`
}

/** The path to return to after logging in. */
export function useReturnPath(): string {
  const [params] = useSearchParams()
  return pathParam(params.get('to'))
}
