import { pauseFor } from '../browser/wake'
import type { ApiError } from './problem'
import type { components } from './schema.gen'

type SessionBody = components['schemas']['Session']
export type User = SessionBody['user']

/**
 * Whether somebody is logged in. It is unknown until the refresh cookie has been
 * tried; `failure` is why the last attempt brought no answer.
 */
export type SessionState =
  | { status: 'unknown'; failure?: ApiError }
  | { status: 'anonymous' }
  | { status: 'user'; user: User }

/** What a refresh led to: a new session, a final refusal (401), or no usable response and why. */
export type RefreshResult =
  | { outcome: 'renewed'; session: SessionBody }
  | { outcome: 'refused' }
  | { outcome: 'unavailable'; error: ApiError }

const longestPause = 30 // seconds

type Send = (request: Request) => Promise<Response>

/**
 * The logged-in user and the access token. The token is held in memory only, so
 * that a script which reads the browser's storage does not find it. After a
 * reload the HttpOnly refresh cookie brings a new one.
 */
export class Session {
  #token: string | undefined
  #state: SessionState = { status: 'unknown' }
  #refreshing: Promise<RefreshResult> | undefined
  /** Counts log-ins and log-outs, so that a late refresh cannot undo either. */
  #epoch = 0
  readonly #listeners = new Set<() => void>()
  readonly #send: Send
  readonly #requestToken: () => Promise<RefreshResult>

  constructor(send: Send, requestToken: () => Promise<RefreshResult>) {
    this.#send = send
    this.#requestToken = requestToken
  }

  get state(): SessionState {
    return this.#state
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  begin(session: SessionBody): void {
    this.#epoch++
    this.#token = session.access_token
    this.#setState({ status: 'user', user: session.user })
  }

  end(): void {
    this.#epoch++
    this.#token = undefined
    this.#setState({ status: 'anonymous' })
  }

  /** Uses the refresh cookie once for all concurrent callers. */
  refresh(): Promise<RefreshResult> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /**
   * Restores the session at page load. While the system is unavailable it tries again
   * with growing pauses, for as long as it takes: only a refusal makes a visitor anonymous.
   */
  async restore(pause: (seconds: number) => Promise<void> = pauseFor): Promise<void> {
    for (let attempt = 0; this.#state.status === 'unknown'; attempt++) {
      const result = await this.refresh()
      if (result.outcome !== 'unavailable') return
      await pause(Math.max(result.error.retryAfter ?? 0, Math.min(2 ** attempt, longestPause)))
    }
  }

  /**
   * Sends a request with the access token. On 401 it refreshes the token and
   * sends the same request, with its Idempotency-Key, once more. A token that the
   * gateway has renewed is taken from the response. Throws ApiError when the
   * refresh is unavailable: then a 401 does not say that the session has ended.
   */
  fetch = async (request: Request): Promise<Response> => {
    const used = this.#token
    const response = await this.#sendWith(used, request.clone())
    if (response.status !== 401 || isCredentialRequest(request)) return response
    // Another call may have refreshed the token during this one.
    if (this.#token === used) {
      const result = await this.refresh()
      if (result.outcome === 'unavailable' && this.#token === used) throw result.error
    }
    // If the session has ended there is no token, and a public resource is served without one.
    return this.#token === used ? response : this.#sendWith(this.#token, request)
  }

  async #sendWith(token: string | undefined, request: Request): Promise<Response> {
    const epoch = this.#epoch
    if (token) request.headers.set('Authorization', `Bearer ${token}`)
    const response = await this.#send(request)
    const renewed = response.headers.get('Jari-Access-Token')
    if (renewed && epoch === this.#epoch) this.#token = renewed
    return response
  }

  async #refreshNow(): Promise<RefreshResult> {
    const epoch = this.#epoch
    const result = await this.#requestToken()
    if (epoch !== this.#epoch) return result
    if (result.outcome === 'renewed') this.begin(result.session)
    if (result.outcome === 'refused') this.end()
    if (result.outcome === 'unavailable' && this.#state.status === 'unknown')
      this.#setState({ status: 'unknown', failure: result.error })
    return result
  }

  #setState(state: SessionState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

/** A 401 to these concerns the submitted credentials or cookie, not the access token. */
function isCredentialRequest(request: Request): boolean {
  const { pathname } = new URL(request.url)
  return request.method === 'POST' && (pathname === '/v1/sessions' || pathname === '/v1/sessions/refresh')
}
