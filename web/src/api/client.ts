import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './schema.gen'
import { type Refreshed, Session } from './session'

export type Restaurant = components['schemas']['Restaurant']
export type Reservation = components['schemas']['Reservation']
export type GuestReservation = components['schemas']['GuestReservation']
export type GuestRequest = components['schemas']['GuestRequest']
export type FreeTime = components['schemas']['FreeTime']
export type LocalText = components['schemas']['Text']
export type Credentials = components['schemas']['Credentials']
export type SignUp = components['schemas']['SignUp']

/** The regions the page offers, as ISO 3166 country codes. */
export const regions = ['KR', 'US'] as const
export type Region = (typeof regions)[number]

// Looked up at each call, so that a test may replace it.
const send = (request: Request) => globalThis.fetch(request)

export const session = new Session(send, askForToken)

/** One client per region: which one a call uses decides where it is answered. */
export const api: Record<Region, Client<paths>> = { KR: clientFor('KR'), US: clientFor('US') }

function clientFor(region: Region): Client<paths> {
  return createClient<paths>({
    baseUrl: window.location.origin,
    headers: { 'x-region': region },
    credentials: 'same-origin',
    fetch: session.fetch,
  })
}

// Users are read everywhere, so the region of a refresh does not matter and the
// viewer's country may decide it.
async function askForToken(): Promise<Refreshed> {
  try {
    const request = new Request(new URL('/v1/sessions/refresh', window.location.origin), {
      method: 'POST',
      credentials: 'same-origin',
    })
    const answer = await send(request)
    if (answer.ok) return { outcome: 'renewed', session: await answer.json() }
    return { outcome: answer.status === 401 ? 'refused' : 'unclear' }
  } catch {
    return { outcome: 'unclear' }
  }
}
