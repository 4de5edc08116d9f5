import { describe, expect, test } from 'vitest'
import { ApiError } from './problem'
import { type RefreshResult, Session, type User } from './session'

const user: User = { id: '1', name: 'Mina', locale: 'ko', role: 'diner', own: [] }
const bodyWith = (access_token: string) =>
  ({ access_token, token_type: 'Bearer', expires_at: '2026-11-22T10:10:00Z', user }) as const

/** A session in front of a gateway that accepts one token, and a refresh with the given result. */
function setUp(validToken: string, refreshed: () => Promise<RefreshResult>) {
  const sent: (string | null)[] = []
  let refreshes = 0
  const session = new Session(
    async (request) => {
      const token = request.headers.get('Authorization')
      sent.push(token)
      return new Response(null, { status: token === `Bearer ${validToken}` ? 200 : 401 })
    },
    () => {
      refreshes++
      return refreshed()
    },
  )
  return { session, sent, refreshes: () => refreshes }
}

const renewed = async (): Promise<RefreshResult> => ({ outcome: 'renewed', session: bodyWith('new') })
const unavailable = (retryAfter?: number): RefreshResult => ({
  outcome: 'unavailable',
  error: new ApiError(503, {}, retryAfter),
})
const send = (session: Session, path = '/v1/reservations', init: RequestInit = {}) =>
  session.fetch(new Request(`http://jari.test${path}`, init))

describe('on 401', () => {
  test('refreshes the token and sends the request once more', async () => {
    const { session, sent } = setUp('new', renewed)
    session.begin(bodyWith('old'))
    expect((await send(session)).status).toBe(200)
    expect(sent).toEqual(['Bearer old', 'Bearer new'])
  })

  test('concurrent calls share one refresh', async () => {
    const { session, refreshes } = setUp('new', renewed)
    session.begin(bodyWith('old'))
    const responses = await Promise.all([send(session), send(session), send(session)])
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200])
    expect(refreshes()).toBe(1)
  })

  test('returns a second 401 without a third attempt', async () => {
    const { session, sent } = setUp('another', renewed)
    session.begin(bodyWith('old'))
    expect((await send(session)).status).toBe(401)
    expect(sent).toHaveLength(2)
  })

  test('sends the body again', async () => {
    const bodies: string[] = []
    const session = new Session(async (request) => {
      bodies.push(await request.text())
      return new Response(null, { status: bodies.length === 1 ? 401 : 201 })
    }, renewed)
    await send(session, '/v1/reservations', { method: 'POST', body: '{"party":2}' })
    expect(bodies).toEqual(['{"party":2}', '{"party":2}'])
  })

  test('ends the session when the cookie is refused', async () => {
    const { session, sent } = setUp('new', async () => ({ outcome: 'refused' }))
    session.begin(bodyWith('old'))
    expect((await send(session)).status).toBe(401)
    expect(session.state.status).toBe('anonymous')
    expect(sent, 'the request is sent again without a token').toEqual(['Bearer old', null])
  })

  test('keeps the session when the refresh gets no response, and fails as the refresh did', async () => {
    const { session, sent } = setUp('new', async () => unavailable(7))
    session.begin(bodyWith('old'))
    await expect(send(session)).rejects.toMatchObject({ status: 503, retryAfter: 7 })
    expect(session.state.status).toBe('user')
    expect(sent).toEqual(['Bearer old'])
  })

  test('repeats the request with the same Idempotency-Key', async () => {
    const keys: (string | null)[] = []
    const session = new Session(async (request) => {
      keys.push(request.headers.get('Idempotency-Key'))
      return new Response(null, { status: keys.length === 1 ? 401 : 201 })
    }, renewed)
    session.begin(bodyWith('old'))
    await send(session, '/v1/reservations', { method: 'POST', headers: { 'Idempotency-Key': 'one' } })
    expect(keys).toEqual(['one', 'one'])
  })

  test('does not refresh after wrong credentials', async () => {
    const { session, refreshes } = setUp('new', renewed)
    await send(session, '/v1/sessions', { method: 'POST' })
    expect(refreshes()).toBe(0)
  })
})

test('uses a token that the gateway has renewed', async () => {
  const seen: (string | null)[] = []
  const session = new Session(async (request) => {
    seen.push(request.headers.get('Authorization'))
    return new Response(null, { headers: { 'Jari-Access-Token': 'fresh' } })
  }, renewed)
  session.begin(bodyWith('old'))
  await send(session)
  await send(session)
  expect(seen).toEqual(['Bearer old', 'Bearer fresh'])
})

test('a refresh that completes after log-out does not log in again', async () => {
  let complete: (result: RefreshResult) => void = () => {}
  const session = new Session(
    async () => new Response(),
    () => new Promise((resolve) => (complete = resolve)),
  )
  const refreshing = session.refresh()
  session.end()
  complete(await renewed())
  await refreshing
  expect(session.state.status).toBe('anonymous')
})

test('retries at page load before it treats the visitor as anonymous', async () => {
  const outcomes: RefreshResult[] = [unavailable(), { outcome: 'renewed', session: bodyWith('new') }]
  const session = new Session(
    async () => new Response(),
    async () => outcomes.shift() ?? { outcome: 'refused' },
  )
  await session.restore(async () => {})
  expect(session.state).toMatchObject({ status: 'user', user: { name: 'Mina' } })
})

test('stays unknown through a long outage, waits longer each time but not less than Retry-After', async () => {
  const pauses: number[] = []
  let failures = 9
  const session = new Session(
    async () => new Response(),
    async () => (failures-- > 0 ? unavailable(failures === 7 ? 12 : undefined) : renewed()),
  )
  const seen = new Set<string>()
  session.subscribe(() => seen.add(session.state.status))
  await session.restore(async (seconds) => {
    expect(session.state).toMatchObject({ status: 'unknown', failure: { status: 503 } })
    pauses.push(seconds)
  })
  expect(pauses).toEqual([1, 12, 4, 8, 16, 30, 30, 30, 30])
  expect(seen).toEqual(new Set(['unknown', 'user']))
})

test('only a refusal makes a visitor anonymous', async () => {
  const session = new Session(
    async () => new Response(),
    async () => ({ outcome: 'refused' }),
  )
  await session.restore()
  expect(session.state.status).toBe('anonymous')
})
