import createClient, { type Client } from 'openapi-fetch'
import { clock } from './clock'
import { ApiError, failureOf, unreachable } from './problem'
import type { components, paths } from './schema.gen'
import { type RefreshResult, Session } from './session'

export type Restaurant = components['schemas']['Restaurant']
export type Reservation = components['schemas']['Reservation']
export type GuestReservation = components['schemas']['GuestReservation']
export type GuestRequest = components['schemas']['GuestRequest']
export type FreeTime = components['schemas']['FreeTime']
/** One restaurant's times of a day. */
export type DayTimes =
  paths['/v1/availability']['get']['responses']['200']['content']['application/json']['items'][number]
export type LocalText = components['schemas']['Text']
export type Credentials = components['schemas']['Credentials']
export type SignUp = components['schemas']['SignUp']

/** The regions the page offers, as ISO 3166 country codes. */
export const regions = ['KR', 'US'] as const
export type Region = (typeof regions)[number]

// Looked up at each call, so that a test may replace it.
async function send(request: Request): Promise<Response> {
  const sent = clock.device()
  const response = await globalThis.fetch(request)
  clock.learn(response.headers, sent)
  return response
}

export const session = new Session(send, requestToken)

/** One client per region: the client decides which region serves the request. */
export const api: Record<Region, Client<paths>> = { KR: clientFor('KR'), US: clientFor('US') }

function clientFor(region: Region): Client<paths> {
  const client = createClient<paths>({
    baseUrl: window.location.origin,
    headers: { 'x-region': region },
    credentials: 'same-origin',
    fetch: session.fetch,
  })
  client.use({
    async onResponse({ response, schemaPath }) {
      // A sign-up goes to the region that writes users, which may be another one.
      const error = await unreachable(response, schemaPath === '/v1/users' ? undefined : region)
      if (error) throw error
    },
  })
  return client
}

// Accounts can be read in every region, so a refresh names none and the edge
// chooses one by the viewer's country.
async function requestToken(): Promise<RefreshResult> {
  try {
    const request = new Request(new URL('/v1/sessions/refresh', window.location.origin), {
      method: 'POST',
      credentials: 'same-origin',
    })
    const response = await send(request)
    if (response.ok) return { outcome: 'renewed', session: await response.json() }
    if (response.status === 401) return { outcome: 'refused' }
    const problem = await response.json().catch(() => ({}))
    return { outcome: 'unavailable', error: failureOf(response, problem) }
  } catch {
    return { outcome: 'unavailable', error: new ApiError(0) }
  }
}
