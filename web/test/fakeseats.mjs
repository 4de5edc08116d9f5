// The seats behind the fake API: times, bookings and waitlists of each region,
// with only the rules that the page's tests need.

/** @typedef {import('../src/api/schema.gen').components['schemas']} Schemas */
/** @typedef {Schemas['Reservation'] & { diner: string, guest?: { name: string, phone?: string }, mail_failed?: string }} Row */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const holding = ['offered', 'confirmed', 'seated']

/** Free covers of a day's four times; the last time is full from the start. */
const covers = [12, 3, 12, 0]

export class FakeSeats {
  /** @type {Record<string, Row[]>} */
  rows = { KR: [], US: [] }
  /** Covers that other diners have given back, by slot. @type {Record<string, number>} */
  #freed = {}
  /** Closed days, as "restaurant date". */
  closed = new Set(/** @type {string[]} */ ([]))
  #ids = 0

  id() {
    return `00000000-0000-7000-8000-${String(++this.#ids).padStart(12, '0')}`
  }

  /**
   * Four times on each day except Monday, from 09:00 UTC in Korea and from 22:00 UTC in New York.
   * Those 12 days ahead open for booking two days from now, at 00:00 UTC.
   * @param {string} region @param {string} restaurant @param {number} from @param {number} to @param {number} party
   * @returns {Schemas['FreeTime'][]}
   */
  times(region, restaurant, from, to, party = 1) {
    const items = []
    const today = Date.now() - (Date.now() % day)
    for (let midnight = from - (from % day); midnight < to; midnight += day) {
      if (new Date(midnight).getUTCDay() === 1) continue
      for (const i of covers.keys()) {
        const start = midnight + (region === 'KR' ? 9 : 22) * hour + i * 30 * minute
        const date = new Date(start).toISOString()
        if (start < from || start >= to || this.closed.has(`${restaurant} ${date.slice(0, 10)}`)) continue
        const opens = midnight - today === 12 * day && { opens_at: new Date(today + 2 * day).toISOString() }
        const slot_id = `${restaurant}_${start}`
        const available = this.#left(region, slot_id)
        items.push({ slot_id, start: date, available, ...can(available, party, opens), ...opens })
      }
    }
    return items
  }

  /**
   * The slots of a day as the owner gets them.
   * @param {string} region @param {string} restaurant @param {string} date @returns {Schemas['DaySlot'][]}
   */
  slots(region, restaurant, date) {
    const midnight = Date.parse(`${date}T00:00:00Z`)
    return this.times(region, restaurant, midnight, midnight + day).map(({ slot_id, start, available }) => ({
      slot_id,
      start,
      capacity: 20,
      booked: 20 - available,
    }))
  }

  /** @param {string} region @param {string} slot */
  #left(region, slot) {
    const start = new Date(Number(slot.split('_')[1]))
    const i = ([9, 22].includes(start.getUTCHours()) ? 0 : 2) + start.getUTCMinutes() / 30
    const taken = (this.rows[region] ?? []).filter(
      (row) => row.slot_id === slot && holding.includes(row.status),
    )
    return (covers[i] ?? 0) + (this.#freed[slot] ?? 0) - taken.reduce((sum, { party }) => sum + party, 0)
  }

  /**
   * Other diners cancel, and their covers are offered to the waitlist.
   * @param {string} region @param {string} slot @param {number} covers
   */
  free(region, slot, covers) {
    this.#freed[slot] = (this.#freed[slot] ?? 0) + covers
    this.#offer(region, slot)
  }

  /** @param {string} region @param {string} slot */
  #offer(region, slot) {
    for (const row of this.waitlist(region, slot))
      if (row.party <= this.#left(region, slot)) {
        row.status = 'offered'
        row.offer_ends_at = new Date(Date.now() + 10 * minute).toISOString()
      }
  }

  /** @param {string} region @param {string} slot */
  waitlist(region, slot) {
    return (this.rows[region] ?? []).filter((row) => row.slot_id === slot && row.status === 'waiting')
  }

  /** The reservation as the API returns it. @param {string} region @param {Row} row */
  shown(region, row) {
    const { diner, guest, mail_failed, ...mine } = row
    const position = 1 + this.waitlist(region, row.slot_id).indexOf(row)
    return { ...mine, ...(position > 0 && { position }) }
  }

  /**
   * @param {string} region @param {string} time_zone @param {Schemas['BookingRequest']} request
   * @param {Pick<Row, 'diner' | 'guest'>} guest @param {Row['status']} status
   */
  add(region, time_zone, { slot_id, party, note }, guest, status) {
    const [restaurant_id = '', at] = slot_id.split('_')
    const start = Number(at)
    const row = {
      id: this.id(),
      slot_id,
      restaurant_id,
      time_zone,
      party,
      ...(note && { note }),
      status,
      start: new Date(start).toISOString(),
      end: new Date(start + 90 * minute).toISOString(),
      cancel_until: new Date(start - 2 * hour).toISOString(),
      created_at: new Date().toISOString(),
      ...guest,
    }
    this.rows[region]?.push(row)
    return row
  }

  /**
   * Whether the party fits; its own seats count as free.
   * @param {string} region @param {string} slot @param {number} party @param {Row} [own]
   */
  fits(region, slot, party, own) {
    return (
      party <=
      this.#left(region, slot) + (own?.slot_id === slot && holding.includes(own.status) ? own.party : 0)
    )
  }

  /** @param {string} region @param {Row} row @param {Partial<Row>} to */
  change(region, row, to) {
    const { slot_id } = row
    Object.assign(row, to)
    if (to.slot_id) row.start = new Date(Number(to.slot_id.split('_')[1])).toISOString()
    if (row.status !== 'offered') delete row.offer_ends_at
    this.#offer(region, slot_id)
    return row
  }
}

/**
 * What a diner can do with a time.
 * @param {number} available @param {number} party @param {unknown} opens
 * @returns {Pick<Schemas['FreeTime'], 'action' | 'reason'>}
 */
function can(available, party, opens) {
  if (opens) return { action: 'none', reason: 'not_open_yet' }
  return { action: available >= party ? 'book' : 'wait' }
}
