// A fake of Jari's API in memory, with only what the page's tests need. It maps a
// Request to a Response. It is never part of the built page.

import { FakeSeats } from './fakeseats.mjs'

/** @typedef {import('../src/api/schema.gen').components['schemas']} Schemas */
/** @typedef {(request: Request) => Response | Promise<Response> | undefined} Respond */

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

/** The zone of the schedules of each region. @type {Record<string, string>} */
const zones = { KR: 'Asia/Seoul', US: 'America/New_York' }

/** @param {(string | number)[]} row @param {string} address @returns {Schemas['Restaurant']} */
function restaurant([id, ko, en, cuisine, areaKo, areaEn, price], address) {
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
    address,
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
  /** Each call as "METHOD path region". @type {string[]} */
  calls = []
  /** @type {(Schemas['User'] & { password: string })[]} */
  users = []
  /** Idempotency keys in the order of the calls. @type {string[]} */
  keys = []
  /** The user of the browser's refresh cookie; undefined without a valid one. @type {Schemas['User'] | undefined} */
  cookie
  /** Valid access tokens. */
  tokens = new Map(/** @type {[string, Schemas['User']][]} */ ([]))
  seats = new FakeSeats()
  reservations = this.seats.rows
  /** @type {Record<string, Schemas['Restaurant'][]>} */
  restaurants = {
    KR: koreanNames.map((row) => restaurant(row, '서울 종로구 북촌로 12')),
    US: americanNames.map((row) => restaurant(row, '12 Water St, Brooklyn, NY')),
  }
  /** @type {{ method: string, path: RegExp, respond: Respond }[]} */
  #overrides = []

  /**
   * Overrides the response to matching calls; when `respond` returns undefined, the default applies.
   * @param {string} method @param {RegExp} path @param {Respond} respond
   */
  at(method, path, respond) {
    this.#overrides.push({ method, path, respond })
  }

  /** @param {string} name */
  signedUp(name, email = 'mina@example.com', password = 'correct horse', phone = '') {
    const user = {
      id: this.seats.id(),
      email,
      name,
      locale: /** @type {const} */ ('ko'),
      role: /** @type {Schemas['Role']} */ ('diner'),
      ...(phone && { phone }),
    }
    this.users.push({ ...user, password })
    return user
  }

  /** Signs up an owner of all Korean restaurants. */
  owner() {
    this.signedUp('Sora', 'owner-kr@jari.example', 'local-owner-password')
    const [owner] = this.users.slice(-1)
    if (owner) owner.role = 'owner'
    return owner
  }

  /** Responds as the services do, with a Date header. */
  fetch = async (/** @type {Request} */ request) => {
    const response = await this.#respond(request)
    response.headers.set('Date', new Date().toUTCString())
    return response
  }

  async #respond(/** @type {Request} */ request) {
    const url = new URL(request.url)
    const region = request.headers.get('x-region') ?? 'KR'
    this.calls.push(`${request.method} ${url.pathname} ${request.headers.get('x-region') ?? '-'}`)
    for (const { method, path, respond } of this.#overrides) {
      if (method !== request.method || !path.test(url.pathname)) continue
      const response = await respond(request)
      if (response) return response
    }
    const body = await request.json().catch(() => undefined)
    const user = this.tokens.get(request.headers.get('Authorization')?.replace('Bearer ', '') ?? '')
    const path = url.pathname.replace(/^\/v1\/(restaurants|reservations|waitlist)\/[^/]+/, '/v1/$1/:id')
    switch (`${request.method} ${path.replace(/\d{4}-\d\d-\d\d$/, ':date')}`) {
      case 'POST /v1/users':
        if (this.users.some((each) => each.email === body.email)) return problem(409, 'email_taken')
        return json(201, this.signedUp(body.name, body.email, body.password, body.phone))
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
      case 'GET /v1/restaurants/:id/availability': {
        const [from, to] = ['from', 'to'].map((name) => Date.parse(url.searchParams.get(name) ?? ''))
        const party = Number(url.searchParams.get('party') ?? 1)
        return json(200, {
          time_zone: zones[region],
          items: this.seats.times(region, url.pathname.split('/')[3] ?? '', from ?? 0, to ?? 0, party),
        })
      }
      case 'GET /v1/availability': {
        const midnight = Date.parse(`${url.searchParams.get('date')}T00:00:00Z`)
        const party = Number(url.searchParams.get('party') ?? 1)
        const items = url.searchParams.getAll('restaurant_id').map((id) => ({
          restaurant_id: id,
          time_zone: zones[region],
          times: this.seats.times(region, id, Math.max(midnight, Date.now()), midnight + 86_400_000, party),
        }))
        return json(200, { items })
      }
      default:
        if (!user) return problem(401, 'unauthenticated')
        return this.#forUser(`${request.method} ${path}`, region, user, url, body, request)
    }
  }

  #session(/** @type {Schemas['User']} */ user) {
    const access_token = crypto.randomUUID()
    this.tokens.set(access_token, user)
    // The scenario's other diner sends credentials: 'omit', which a Request does not show here.
    if (!user.email.startsWith('other-')) this.cookie = user
    const { id, name, locale, role } = user
    const expires_at = new Date(Date.now() + 600_000).toISOString()
    return json(201, {
      access_token,
      token_type: 'Bearer',
      expires_at,
      user: {
        id,
        name,
        locale,
        role,
        own: role === 'owner' ? this.restaurants.KR?.map((each) => each.id) : [],
      },
    })
  }

  /** @param {string} region @param {URLSearchParams} query */
  #search(region, query) {
    const q = query.get('q')?.toLowerCase() ?? ''
    const cuisine = query.get('cuisine') ?? ''
    return (this.restaurants[region] ?? []).filter(
      (each) =>
        JSON.stringify([each.name, each.area, each.cuisine]).toLowerCase().includes(q) &&
        (!cuisine || each.cuisine === cuisine),
    )
  }

  /**
   * @param {string} operation @param {string} region @param {Schemas['User']} user @param {URL} url
   * @param {any} body @param {Request} request
   */
  #forUser(operation, region, user, url, body, request) {
    const rows = this.reservations[region] ?? []
    const seats = this.seats
    const row = rows.find((each) => each.id === url.pathname.split('/')[3])
    const done = (/** @type {import('./fakeseats.mjs').Row} */ changed, status = 200) =>
      json(status, user.role === 'owner' ? this.#guest(changed) : seats.shown(region, changed))
    const become = (/** @type {Schemas['Status']} */ status) =>
      row ? done(seats.change(region, row, { status })) : problem(404, 'reservation_not_found')
    switch (operation) {
      case 'POST /v1/reservations':
      case 'POST /v1/waitlist': {
        const key = request.headers.get('Idempotency-Key')
        if (!key) return problem(400, 'idempotency_key_missing')
        this.keys.push(key)
        const fits = seats.fits(region, body.slot_id, body.party)
        const joins = operation === 'POST /v1/waitlist'
        if (fits === joins) return problem(409, joins ? 'seats_available' : 'slot_full')
        return done(
          seats.add(
            region,
            zones[region] ?? 'UTC',
            body,
            { diner: user.id },
            joins ? 'waiting' : 'confirmed',
          ),
          201,
        )
      }
      case 'GET /v1/reservations':
        return json(200, {
          items: rows.filter((each) => each.diner === user.id).map((each) => seats.shown(region, each)),
        })
      case 'PATCH /v1/reservations/:id': {
        if (!row) return problem(404, 'reservation_not_found')
        if (!seats.fits(region, body.slot_id ?? row.slot_id, body.party ?? row.party, row))
          return problem(409, 'slot_full')
        return done(seats.change(region, row, body))
      }
      case 'POST /v1/reservations/:id/cancel':
        return become('cancelled')
      case 'DELETE /v1/waitlist/:id':
        become('cancelled')
        return json(204, null)
      case 'POST /v1/waitlist/:id/accept':
        return become('confirmed')
      case 'POST /v1/waitlist/:id/decline':
        return become('declined')
      case 'POST /v1/reservations/:id/seat':
        return become('seated')
      case 'POST /v1/reservations/:id/no-show':
        return become('no_show')
      case 'POST /v1/reservations/:id/undo-no-show':
        if (row?.status !== 'no_show') return problem(409, 'not_undoable')
        return seats.fits(region, row.slot_id, row.party) ? become('confirmed') : problem(409, 'slot_full')
      default:
        return this.#forOwner(operation, region, url, body)
    }
  }

  /** @param {string} operation @param {string} region @param {URL} url @param {any} body */
  #forOwner(operation, region, url, body) {
    const id = url.pathname.split('/')[3]
    const on = (/** @type {string | null} */ date) =>
      (this.reservations[region] ?? []).filter(
        (each) => each.restaurant_id === id && each.start.slice(0, 10) === date,
      )
    switch (operation.replace(/\d{4}-\d\d-\d\d$/, ':date')) {
      case 'GET /v1/restaurants/:id/reservations':
        return json(200, {
          items: on(url.searchParams.get('date')).map((each) => this.#guest(each)),
          slots: this.seats.slots(region, id ?? '', url.searchParams.get('date') ?? ''),
          closed: this.seats.closed.has(`${id} ${url.searchParams.get('date')}`),
        })
      case 'POST /v1/restaurants/:id/reservations': {
        if (!this.seats.fits(region, body.slot_id, body.party)) return problem(409, 'slot_full')
        const { name, phone, walk_in } = body
        const guest = { diner: '', guest: { name, phone } }
        return json(
          201,
          this.#guest(
            this.seats.add(region, zones[region] ?? 'UTC', body, guest, walk_in ? 'seated' : 'confirmed'),
          ),
        )
      }
      case 'GET /v1/restaurants/:id/schedule':
        return json(200, { time_zone: zones[region], dining_minutes: 120 })
      case 'POST /v1/restaurants/:id/closures': {
        this.seats.closed.add(`${id} ${body.date}`)
        const cancelled = on(body.date).filter((each) =>
          ['waiting', 'offered', 'confirmed'].includes(each.status),
        )
        for (const each of cancelled) each.status = 'cancelled'
        return json(201, { date: body.date, slots: 4, cancelled: cancelled.length })
      }
      case 'DELETE /v1/restaurants/:id/closures/:date':
        this.seats.closed.delete(`${id} ${url.pathname.split('/')[5]}`)
        return json(204, null)
      default:
        return problem(404, 'not_found')
    }
  }

  /** @param {import('./fakeseats.mjs').Row} row @returns {Schemas['GuestReservation']} */
  #guest({ diner, guest, ...row }) {
    const user = this.users.find((each) => each.id === diner)
    if (!user) return { ...row, source: 'owner', ...guest }
    return { ...row, source: 'diner', name: user.name, ...(user.phone && { phone: user.phone }) }
  }
}
