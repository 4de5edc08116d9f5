import { useState } from 'react'

/**
 * The Idempotency-Key of an attempt: the same for as long as the same thing is
 * asked for, so that a repeated press after a lost answer cannot book twice;
 * another once the request differs or the attempt has succeeded.
 */
export class Attempt {
  #of: string | undefined
  #key = ''

  keyFor(request: unknown): string {
    const of = JSON.stringify(request)
    if (of !== this.#of) {
      this.#of = of
      this.#key = crypto.randomUUID()
    }
    return this.#key
  }

  succeeded(): void {
    this.#of = undefined
  }
}

export function useAttempt(): Attempt {
  return useState(() => new Attempt())[0]
}
