import type { components } from './schema.gen'

type SessionBody = components['schemas']['Session']
export type User = SessionBody['user']
export type SessionState = { status: 'unknown' } | { status: 'anonymous' } | { status: 'user'; user: User }

/** What a refresh led to: a new session, a final refusal, or no usable response. */
export type RefreshResult =
  | { outcome: 'renewed'; session: SessionBody }
  | { outcome: 'refused' | 'unavailable' }

type Send = (request: Request) => Promise<Response>

/**
 * The logged-in user and the access token. The token is held in memory only, so
 * that a script which reads the browser's storage does not find it. After a
 * reload the HttpOnly refresh cookie brings a new one.
 */
export class Session {
  #token: string | undefined
  #state: SessionState = { status: 'unknown' }
  #refreshing: Promise<RefreshResult['outcome']> | undefined
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
  refresh(): Promise<RefreshResult['outcome']> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Restores the session at page load; retries with backoff while the system is unavailable. */
  async restore(wait: (attempt: number) => Promise<void> = backOff): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      if ((await this.refresh()) !== 'unavailable') return
      await wait(attempt)
    }
    if (this.#state.status === 'unknown') this.end()
  }

  /**
   * Sends a request with the access token. On 401 it refreshes the token and
   * sends the request once more. A token that the gateway has renewed is taken
   * from the response.
   */
  fetch = async (request: Request): Promise<Response> => {
    const used = this.#token
    const response = await this.#sendWith(used, request.clone())
    if (response.status !== 401 || isCredentialRequest(request)) return response
    // Another call may have refreshed the token during this one.
    if (this.#token === used) await this.refresh()
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

  async #refreshNow(): Promise<RefreshResult['outcome']> {
    const epoch = this.#epoch
    const result = await this.#requestToken()
    if (epoch !== this.#epoch) return this.#token ? 'renewed' : 'refused'
    if (result.outcome === 'renewed') this.begin(result.session)
    if (result.outcome === 'refused') this.end()
    return result.outcome
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

function backOff(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt))
}
