import { QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { MemoryRouter } from 'react-router'
import { vi } from 'vitest'
import { App } from '../src/App'
import { session } from '../src/api/client'
import { newQueryClient } from '../src/api/queries'
import { RegionProvider } from '../src/features/region/region'
import { TextsProvider } from '../src/texts/texts'
import { FakeApi } from './fakeapi.mjs'

interface Opening {
  path?: string
  /** The user whose refresh cookie the browser has; undefined: nobody is logged in. */
  name?: string
  prepare?: (api: FakeApi) => void
  /** Whether `prepare` sets a refresh cookie. */
  loggedIn?: boolean
}

/** 12:00 on a Tuesday in Seoul; the first time of that day is at 18:00. */
export const now = Date.parse('2026-11-24T03:00:00Z')

/** Renders the whole page with a fake API, in English. The clock is fixed at `now`. */
export async function openPage({ path = '/', name, prepare, loggedIn = !!name }: Opening = {}) {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const api = new FakeApi()
  if (name) api.cookie = api.signedUp(name)
  prepare?.(api)
  vi.stubGlobal('fetch', api.fetch)
  // The session is a module-level object: log the previous test's user out.
  if (loggedIn) await session.refresh()
  else session.end()
  localStorage.setItem('jari.region', localStorage.getItem('jari.region') ?? 'KR')
  const user = userEvent.setup()
  const view = render(
    <QueryClientProvider client={newQueryClient()}>
      <TextsProvider language="en">
        <RegionProvider>
          <MemoryRouter useTransitions={false} initialEntries={[path]}>
            <App />
          </MemoryRouter>
        </RegionProvider>
      </TextsProvider>
    </QueryClientProvider>,
  )
  return { api, user, ...view }
}
