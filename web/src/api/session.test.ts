import { describe, expect, test } from 'vitest'
import { type Refreshed, Session, type User } from './session'

const user: User = { id: '1', name: 'Mina', locale: 'ko', role: 'diner', own: [] }
const bodyWith = (access_token: string) =>
  ({ access_token, token_type: 'Bearer', expires_at: '2026-11-22T10:10:00Z', user }) as const

/** A gateway that knows one good token, and a cookie jar that is asked for the next. */
function scene(good: string, refreshed: () => Promise<Refreshed>) {
  const sent: (string | null)[] = []
  let refreshes = 0
  const session = new Session(
    async (request) => {
      const token = request.headers.get('Authorization')
      sent.push(token)
      return new Response(null, { status: token === `Bearer ${good}` ? 200 : 401 })
    },
    () => {
      refreshes++
      return refreshed()
    },
  )
  return { session, sent, refreshes: () => refreshes }
}

const renewed = async (): Promise<Refreshed> => ({ outcome: 'renewed', session: bodyWith('new') })
const ask = (session: Session, path = '/v1/reservations', init: RequestInit = {}) =>
  session.fetch(new Request(`http://jari.test${path}`, init))

describe('on 401', () => {
  test('the token is refreshed and the request sent once more', async () => {
    const { session, sent } = scene('new', renewed)
    session.begin(bodyWith('old'))
    expect((await ask(session)).status).toBe(200)
    expect(sent).toEqual(['Bearer old', 'Bearer new'])
  })

  test('calls at the same time share one refresh', async () => {
    const { session, refreshes } = scene('new', renewed)
    session.begin(bodyWith('old'))
    const answers = await Promise.all([ask(session), ask(session), ask(session)])
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
    expect(refreshes()).toBe(1)
  })

  test('a second 401 is the answer: it is never tried a third time', async () => {
    const { session, sent } = scene('another', renewed)
    session.begin(bodyWith('old'))
    expect((await ask(session)).status).toBe(401)
    expect(sent).toHaveLength(2)
  })

  test('the body is sent again', async () => {
    const bodies: string[] = []
    const session = new Session(async (request) => {
      bodies.push(await request.text())
      return new Response(null, { status: bodies.length === 1 ? 401 : 201 })
    }, renewed)
    await ask(session, '/v1/reservations', { method: 'POST', body: '{"party":2}' })
    expect(bodies).toEqual(['{"party":2}', '{"party":2}'])
  })

  test('a refused cookie ends the session', async () => {
    const { session, sent } = scene('new', async () => ({ outcome: 'refused' }))
    session.begin(bodyWith('old'))
    expect((await ask(session)).status).toBe(401)
    expect(session.state.status).toBe('anonymous')
    expect(sent, 'what is public is asked for without the token').toEqual(['Bearer old', null])
  })

  test('a refresh that got no answer ends nothing', async () => {
    const { session } = scene('new', async () => ({ outcome: 'unclear' }))
    session.begin(bodyWith('old'))
    expect((await ask(session)).status).toBe(401)
    expect(session.state.status).toBe('user')
  })

  test('wrong credentials are not a reason to refresh', async () => {
    const { session, refreshes } = scene('new', renewed)
    await ask(session, '/v1/sessions', { method: 'POST' })
    expect(refreshes()).toBe(0)
  })
})

test('a token that the gateway renewed on the way is used from then on', async () => {
  const seen: (string | null)[] = []
  const session = new Session(async (request) => {
    seen.push(request.headers.get('Authorization'))
    return new Response(null, { headers: { 'Jari-Access-Token': 'fresh' } })
  }, renewed)
  session.begin(bodyWith('old'))
  await ask(session)
  await ask(session)
  expect(seen).toEqual(['Bearer old', 'Bearer fresh'])
})

test('a refresh that comes back after log-out does not log in again', async () => {
  let answer: (refreshed: Refreshed) => void = () => {}
  const session = new Session(
    async () => new Response(),
    () => new Promise((resolve) => (answer = resolve)),
  )
  const refreshing = session.refresh()
  session.end()
  answer(await renewed())
  await refreshing
  expect(session.state.status).toBe('anonymous')
})

test('at page load an unwell system is asked again before the visitor counts as anonymous', async () => {
  const outcomes: Refreshed[] = [{ outcome: 'unclear' }, { outcome: 'renewed', session: bodyWith('new') }]
  const session = new Session(
    async () => new Response(),
    async () => outcomes.shift() ?? { outcome: 'refused' },
  )
  await session.restore(async () => {})
  expect(session.state).toMatchObject({ status: 'user', user: { name: 'Mina' } })
})
