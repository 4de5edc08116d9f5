// Jari's API in memory, as little of it as the page's own tests need: it
// answers a Request with a Response. Never part of the built page.

/** @typedef {import('../src/api/schema.gen').components['schemas']} Schemas */
/** @typedef {{ at: (method: string, path: RegExp, answer: (request: Request) => Response | Promise<Response> | undefined) => void }} Override */

const koreanNames = [
  ['hanok-table', '한옥 식탁', 'Hanok Table', 'korean', '북촌', 'Bukchon', 3],
  ['mapo-charcoal', '마포 숯불', 'Mapo Charcoal', 'korean', '마포', 'Mapo', 2],
  ['seongsu-pasta', '성수 파스타', 'Seongsu Pasta', 'italian', '성수', 'Seongsu', 2],
  ['sushi-haru', '스시 하루', 'Sushi Haru', 'japanese', '청담', 'Cheongdam', 4],
  ['busan-tide', '부산 물때', 'Busan Tide', 'seafood', '해운대', 'Haeundae', 3],
  ['noodle-alley', '국수 골목', 'Noodle Alley', 'korean', '을지로', 'Euljiro', 1],
]
const americanNames = [
  ['brooklyn-hearth', '브루클린 화로', 'Brooklyn Hearth', 'american', '브루클린', 'Brooklyn', 3],
  ['mission-maize', '미션 옥수수', 'Mission Maize', 'mexican', '미션', 'Mission District', 2],
]

/** @param {(string | number)[]} row @param {string} time_zone @returns {Schemas['Restaurant']} */
function restaurant([id, ko, en, cuisine, areaKo, areaEn, price], time_zone) {
  return /** @type {Schemas['Restaurant']} */ ({
    id,
    name: { ko, en },
    description: {
      ko: '제철 재료로 그날 정한 몇 가지를 천천히 냅니다. 열두 석뿐인 조용한 방에서 요리사가 직접 이야기를 들려드립니다.',
      en: 'A few dishes, decided each morning at the market and served slowly in a quiet room of twelve seats, where the cook tells you what they are.',
    },
    cuisine,
    area: { ko: areaKo, en: areaEn },
    price,
    time_zone,
    address: time_zone === 'Asia/Seoul' ? '서울 종로구 북촌로 12' : '12 Water St, Brooklyn, NY',
    version: 1,
  })
}

const json = (/** @type {number} */ status, /** @type {unknown} */ body, headers = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  })

/** @param {number} status @param {string} reason @param {Record<string, string>} headers */
export const problem = (status, reason, headers = {}, extra = {}) =>
  json(
    status,
    {
      type: 'about:blank',
      title: reason,
      status,
      reason,
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      ...extra,
    },
    { ...headers, 'Content-Type': 'application/problem+json' },
  )

export class FakeApi {
  /** Each call as "METHOD path region", for tests to read. @type {string[]} */
  calls = []
  /** @type {(Schemas['User'] & { password: string })[]} */
  users = []
  /** Idempotency keys as they came in. @type {string[]} */
  keys = []
  /** Whether the browser holds a live refresh cookie, and for whom. @type {Schemas['User'] | undefined} */
  cookie
  /** Access tokens that are still good. */
  tokens = new Map(/** @type {[string, Schemas['User']][]} */ ([]))
  /** @type {Record<string, (Schemas['Reservation'] & { diner: string })[]>} */
  reservations = { KR: [], US: [] }
  /** @type {Record<string, Schemas['Restaurant'][]>} */
  restaurants = {
    KR: koreanNames.map((row) => restaurant(row, 'Asia/Seoul')),
    US: americanNames.map((row) => restaurant(row, 'America/New_York')),
  }
  /** @type {{ method: string, path: RegExp, answer: (request: Request) => Response | Promise<Response> | undefined }[]} */
  #overrides = []
  #ids = 0

  /** Answers matching calls differently, until the answer is undefined. @type {Override['at']} */
  at(method, path, answer) {
    this.#overrides.push({ method, path, answer })
  }

  /** @param {string} name */
  signedUp(name, email = 'mina@example.com', password = 'correct horse') {
    const user = {
      id: this.#id(),
      email,
      name,
      locale: /** @type {const} */ ('ko'),
      role: /** @type {const} */ ('diner'),
    }
    this.users.push({ ...user, password })
    return user
  }

  fetch = async (/** @type {Request} */ request) => {
    const url = new URL(request.url)
    const region = request.headers.get('x-region') ?? 'KR'
    this.calls.push(`${request.method} ${url.pathname} ${request.headers.get('x-region') ?? '-'}`)
    for (const { method, path, answer } of this.#overrides) {
      if (method !== request.method || !path.test(url.pathname)) continue
      const given = await answer(request)
      if (given) return given
    }
    const body = request.method === 'POST' ? await request.json().catch(() => undefined) : undefined
    const user = this.tokens.get(request.headers.get('Authorization')?.replace('Bearer ', '') ?? '')
    switch (
      `${request.method} ${url.pathname.replace(/\/v1\/(restaurants|reservations)\/[^/]+/, '/v1/$1/:id')}`
    ) {
      case 'POST /v1/users':
        if (this.users.some((each) => each.email === body.email)) return problem(409, 'email_taken')
        return json(201, this.signedUp(body.name, body.email, body.password))
      case 'POST /v1/sessions': {
        const found = this.users.find((each) => each.email === body.email && each.password === body.password)
        return found ? this.#session(found) : problem(401, 'bad_credentials')
      }
      case 'POST /v1/sessions/refresh':
        return this.cookie ? this.#session(this.cookie) : problem(401, 'unauthenticated')
      case 'DELETE /v1/sessions/current':
        this.cookie = undefined
        this.tokens.clear()
        return json(204, null)
      case 'GET /v1/restaurants':
        return json(200, { items: this.#search(region, url.searchParams) })
      case 'GET /v1/restaurants/:id': {
        const found = this.restaurants[region]?.find((each) => each.id === url.pathname.split('/')[3])
        return found ? json(200, found) : problem(404, 'not_found')
      }
      case 'GET /v1/restaurants/:id/availability':
        return json(200, { items: this.#free(region, url) })
      case 'POST /v1/reservations':
        if (!user) return problem(401, 'unauthenticated')
        return this.#book(region, user, body, request)
      case 'GET /v1/reservations':
        if (!user) return problem(401, 'unauthenticated')
        return json(200, { items: this.reservations[region]?.filter((each) => each.diner === user.id) ?? [] })
      case 'POST /v1/reservations/:id/cancel': {
        if (!user) return problem(401, 'unauthenticated')
        const found = this.reservations[region]?.find((each) => each.id === url.pathname.split('/')[3])
        if (!found) return problem(404, 'not_found')
        found.status = 'cancelled'
        return json(200, found)
      }
      default:
        return problem(404, 'not_found')
    }
  }

  #id() {
    return `00000000-0000-7000-8000-${String(++this.#ids).padStart(12, '0')}`
  }

  #session(/** @type {Schemas['User']} */ user) {
    const access_token = crypto.randomUUID()
    this.tokens.set(access_token, user)
    this.cookie = user
    const { id, name, locale, role } = user
    const expires_at = new Date(Date.now() + 600_000).toISOString()
    return json(201, {
      access_token,
      token_type: 'Bearer',
      expires_at,
      user: { id, name, locale, role, own: [] },
    })
  }

  /** @param {string} region @param {URLSearchParams} asked */
  #search(region, asked) {
    const q = asked.get('q')?.toLowerCase() ?? ''
    const cuisine = asked.get('cuisine') ?? ''
    return (this.restaurants[region] ?? []).filter(
      (each) =>
        JSON.stringify([each.name, each.area, each.cuisine]).toLowerCase().includes(q) &&
        (!cuisine || each.cuisine === cuisine),
    )
  }

  /** Four times each evening but Monday's, UTC 9:00–10:30 in Korea and 22:00–23:30 in New York. */
  #free(/** @type {string} */ region, /** @type {URL} */ url) {
    const from = Date.parse(url.searchParams.get('from') ?? '')
    const to = Date.parse(url.searchParams.get('to') ?? '')
    const items = []
    const day = 24 * 3600_000
    for (let midnight = from - (from % day); midnight < to; midnight += day) {
      if (new Date(midnight).getUTCDay() === 1) continue
      for (let i = 0; i < 4; i++) {
        const start = midnight + (region === 'KR' ? 9 : 22) * 3600_000 + i * 1_800_000
        if (start < from || start >= to) continue
        items.push({
          slot_id: `${url.pathname.split('/')[3]}_${start}`,
          start: new Date(start).toISOString(),
          available: i === 1 ? 3 : 12,
        })
      }
    }
    return items.filter((item) => item.available >= Number(url.searchParams.get('party') ?? 1))
  }

  /** @param {string} region @param {Schemas['User']} user @param {Schemas['BookingRequest']} body @param {Request} request */
  #book(region, user, body, request) {
    const key = request.headers.get('Idempotency-Key')
    if (!key) return problem(400, 'idempotency_key_missing')
    this.keys.push(key)
    const [restaurant_id = '', start] = body.slot_id.split('_')
    const reservation = {
      ...body,
      id: this.#id(),
      restaurant_id,
      start: new Date(Number(start)).toISOString(),
      end: new Date(Number(start) + 5_400_000).toISOString(),
      cancel_until: new Date(Number(start) - 7_200_000).toISOString(),
      time_zone: this.restaurants[region]?.find((each) => each.id === restaurant_id)?.time_zone ?? 'UTC',
      status: /** @type {const} */ ('confirmed'),
      created_at: new Date().toISOString(),
      diner: user.id,
    }
    this.reservations[region]?.push(reservation)
    return json(201, reservation)
  }
}
