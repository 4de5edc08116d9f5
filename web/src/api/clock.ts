/**
 * The server's clock. A device's own clock may be wrong by minutes, so the page
 * learns from the `Date` of every response (RFC 9110, section 6.6.1) how far it is
 * from the server's, and asks only this clock for the time.
 */
export class Clock {
  /** The device's clock, in milliseconds since 1970. */
  readonly device: () => number
  /** Bounds of "server minus device" in milliseconds; each response narrows them. */
  #low = Number.NEGATIVE_INFINITY
  #high = Number.POSITIVE_INFINITY
  readonly #listeners = new Set<() => void>()

  constructor(device: () => number = () => Date.now()) {
    this.device = device
  }

  /** The time in milliseconds since 1970. */
  now = (): number => this.device() + this.#offset

  /** Reads the headers of a response to a request that was sent at `sent` on the device's clock. */
  learn(headers: Headers, sent: number): void {
    const date = Date.parse(headers.get('Date') ?? '')
    if (Number.isNaN(date)) return
    const before = this.#offset
    const written = date + 1000 * secondsIn(headers.get('Age'), /^(\d+)$/)
    // Date and Age are cut to whole seconds, and the browser's own cache adds no Age.
    const cached = 1000 * secondsIn(headers.get('Cache-Control'), /\bmax-age=(\d+)/)
    const low = written - this.device()
    const high = written + (headers.has('Age') ? 2000 : 1000) + cached - sent
    // Bounds that do not meet the earlier ones mean that somebody has set the device's clock.
    const apart = low > this.#high || high < this.#low
    this.#low = apart ? low : Math.max(low, this.#low)
    this.#high = apart ? high : Math.min(high, this.#high)
    if (this.#offset !== before) for (const listener of this.#listeners) listener()
  }

  /** Calls the listener whenever the page has learned that the device's clock is wrong. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Zero while the device's clock may be right, else the middle of the bounds. */
  get #offset(): number {
    return this.#low <= 0 && this.#high >= 0 ? 0 : (this.#low + this.#high) / 2
  }
}

function secondsIn(header: string | null, pattern: RegExp): number {
  return Number(header?.match(pattern)?.[1] ?? 0)
}

export const clock = new Clock()

/** The time in milliseconds since 1970, by the server's clock. */
export const now = clock.now

/** The same as a Date. */
export const nowDate = (): Date => new Date(clock.now())
