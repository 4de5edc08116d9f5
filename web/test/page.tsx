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
  /** Whose refresh cookie the browser holds. */
  name?: string
  prepare?: (api: FakeApi) => void
  /** Says that prepare has given the browser somebody's cookie. */
  loggedIn?: boolean
}

/** Noon of a Tuesday in Seoul: restaurants open in six hours. */
export const now = Date.parse('2026-11-24T03:00:00Z')

/** The whole page in front of a fake API, in English, as a visitor opens it. The clock stands still. */
export async function openPage({ path = '/', name, prepare, loggedIn = !!name }: Opening = {}) {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const api = new FakeApi()
  if (name) api.cookie = api.signedUp(name)
  prepare?.(api)
  vi.stubGlobal('fetch', api.fetch)
  // One session serves the whole file, so the last test's visitor has to go.
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
