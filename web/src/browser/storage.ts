/**
 * The browser's storage. A browser may refuse it (cookies blocked, a full disk, an
 * embedded page): then even reading the property throws a SecurityError, and the
 * values live in memory until the page is left.
 */
class SafeStorage {
  readonly #kind: 'localStorage' | 'sessionStorage'
  /** What the browser has refused to store. */
  readonly #memory = new Map<string, string>()

  constructor(kind: 'localStorage' | 'sessionStorage') {
    this.#kind = kind
  }

  get(key: string): string | null {
    return this.#memory.get(key) ?? this.#try((storage) => storage.getItem(key)) ?? null
  }

  set(key: string, value: string): void {
    this.#memory.set(key, value)
    this.#try((storage) => {
      storage.setItem(key, value)
      this.#memory.delete(key)
    })
  }

  remove(key: string): void {
    this.#memory.delete(key)
    this.#try((storage) => storage.removeItem(key))
  }

  #try<T>(use: (storage: Storage) => T): T | undefined {
    try {
      return use(window[this.#kind])
    } catch {
      return undefined
    }
  }
}

/** Kept until the visitor clears it: choices such as the language. */
export const device = new SafeStorage('localStorage')

/** Kept while the tab is open: what a visitor has begun. */
export const tab = new SafeStorage('sessionStorage')
