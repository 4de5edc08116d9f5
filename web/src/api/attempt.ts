import { useState } from 'react'

/**
 * The Idempotency-Key of an attempt. It stays the same while the request stays
 * the same, so that pressing again after a lost response cannot book twice. It
 * changes when the request differs or the attempt has succeeded.
 */
export class Attempt {
  /** The request that the key belongs to, as JSON. */
  #request: string | undefined
  #key = ''

  keyFor(request: unknown): string {
    const json = JSON.stringify(request)
    if (json !== this.#request) {
      this.#request = json
      this.#key = crypto.randomUUID()
    }
    return this.#key
  }

  succeeded(): void {
    this.#request = undefined
  }
}

export function useAttempt(): Attempt {
  return useState(() => new Attempt())[0]
}
