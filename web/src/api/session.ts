import type { components } from './schema.gen'

type SessionBody = components['schemas']['Session']
export type User = SessionBody['user']
export type SessionState = { status: 'unknown' } | { status: 'anonymous' } | { status: 'user'; user: User }

/** How the refresh cookie was received: a new session, refused for good, or no telling yet. */
export type Refreshed = { outcome: 'renewed'; session: SessionBody } | { outcome: 'refused' | 'unclear' }

type Send = (request: Request) => Promise<Response>

/**
 * Who is logged in, and the access token, which lives here and nowhere else:
 * a script that got into storage would find nothing. What survives a reload is
 * the HttpOnly refresh cookie.
 */
export class Session {
  #token: string | undefined
  #state: SessionState = { status: 'unknown' }
  #refreshing: Promise<Refreshed['outcome']> | undefined
  /** Moves at each log-in and log-out, so that a late refresh cannot undo either. */
  #epoch = 0
  readonly #listeners = new Set<() => void>()
  readonly #send: Send
  readonly #askForToken: () => Promise<Refreshed>

  constructor(send: Send, askForToken: () => Promise<Refreshed>) {
    this.#send = send
    this.#askForToken = askForToken
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
    this.#become({ status: 'user', user: session.user })
  }

  end(): void {
    this.#epoch++
    this.#token = undefined
    this.#become({ status: 'anonymous' })
  }

  /** Spends the refresh cookie once, however many callers ask at the same time. */
  refresh(): Promise<Refreshed['outcome']> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Finds out at page load whether somebody is logged in; patient while the system is not well. */
  async restore(wait: (attempt: number) => Promise<void> = backOff): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      if ((await this.refresh()) !== 'unclear') return
      await wait(attempt)
    }
    if (this.#state.status === 'unknown') this.end()
  }

  /**
   * Sends a request with the access token. On 401 it refreshes and sends it once
   * more; a token the gateway renewed on the way is picked up from the answer.
   */
  fetch = async (request: Request): Promise<Response> => {
    const used = this.#token
    const answer = await this.#sendWith(used, request.clone())
    if (answer.status !== 401 || isCredentialCall(request)) return answer
    // Another call may have refreshed while this one was on its way.
    if (this.#token === used) await this.refresh()
    // With the session over, the token is gone too, and what is public is answered without.
    return this.#token === used ? answer : this.#sendWith(this.#token, request)
  }

  async #sendWith(token: string | undefined, request: Request): Promise<Response> {
    const epoch = this.#epoch
    if (token) request.headers.set('Authorization', `Bearer ${token}`)
    const answer = await this.#send(request)
    const renewed = answer.headers.get('Jari-Access-Token')
    if (renewed && epoch === this.#epoch) this.#token = renewed
    return answer
  }

  async #refreshNow(): Promise<Refreshed['outcome']> {
    const epoch = this.#epoch
    const answer = await this.#askForToken()
    if (epoch !== this.#epoch) return this.#token ? 'renewed' : 'refused'
    if (answer.outcome === 'renewed') this.begin(answer.session)
    if (answer.outcome === 'refused') this.end()
    return answer.outcome
  }

  #become(state: SessionState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

/** A 401 to these is an answer about what was presented, not about the access token. */
function isCredentialCall(request: Request): boolean {
  const { pathname } = new URL(request.url)
  return request.method === 'POST' && (pathname === '/v1/sessions' || pathname === '/v1/sessions/refresh')
}

function backOff(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt))
}
