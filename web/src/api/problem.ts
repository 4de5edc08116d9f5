import { now } from './clock'
import type { components } from './schema.gen'

type Problem = components['schemas']['Problem']

/**
 * Any failure of a call. `status` 0 means that no response arrived, so the
 * outcome of a write is unknown and its Idempotency-Key must be kept.
 */
export class ApiError extends Error {
  readonly status: number
  readonly reason: string
  readonly pointer?: string
  readonly traceId?: string
  /** Seconds to wait before a retry, from the Retry-After header. */
  readonly retryAfter?: number
  /** The region that the edge could not reach. */
  readonly region?: string

  constructor(status: number, problem: Partial<Problem> = {}, retryAfter?: number, region?: string) {
    super(problem.detail ?? problem.title ?? `status ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.reason = problem.reason ?? (status === 0 ? 'network' : classOf(status))
    this.pointer = problem.pointer
    this.traceId = problem.trace_id
    this.retryAfter = retryAfter
    this.region = region
  }

  /** The general slug of the status, for a reason that the catalogue has no text for. */
  get class(): string {
    return this.status === 0 ? 'network' : classOf(this.status)
  }

  /** Whether the failure is transient: the same request may succeed a little later. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || [502, 503, 504].includes(this.status)
  }
}

function classOf(status: number): string {
  switch (status) {
    case 401:
      return 'unauthenticated'
    case 403:
      return 'forbidden'
    case 404:
      return 'not_found'
    case 409:
    case 412:
      return 'conflict'
    case 429:
      return 'rate_limited'
    case 502:
    case 503:
    case 504:
      return 'unavailable'
    default:
      return status >= 500 ? 'internal' : 'invalid'
  }
}

interface FetchResult<T> {
  data?: T
  error?: unknown
  response: Response
}

/** Returns the data of an openapi-fetch result, or throws ApiError. */
export async function unwrap<T>(call: Promise<FetchResult<T>>): Promise<T> {
  let result: FetchResult<T>
  try {
    result = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw cause instanceof ApiError ? cause : new ApiError(0)
  }
  if (result.response.ok) return result.data as T
  throw failureOf(result.response, result.error)
}

/** The error that a response stands for; its body may be anything, as from a proxy. */
export function failureOf(response: Response, body: unknown): ApiError {
  const problem = typeof body === 'object' && body !== null ? body : {}
  return new ApiError(response.status, problem, secondsOf(response.headers.get('Retry-After')))
}

/**
 * The error of a region that the edge could not reach; undefined for every other response. Locally the
 * edge says so in a problem document, CloudFront in a page of its own.
 */
export async function unreachable(response: Response, region?: string): Promise<ApiError | undefined> {
  if (![502, 503, 504].includes(response.status)) return undefined
  const problem = await response
    .clone()
    .json()
    .catch(() => ({}))
  const reason = 'region_unreachable'
  if ((problem.reason ?? reason) !== reason) return undefined
  return new ApiError(response.status, { reason }, secondsOf(response.headers.get('Retry-After')), region)
}

/** Reads Retry-After, which is either seconds or a date. */
export function secondsOf(header: string | null, at = now()): number | undefined {
  if (!header) return undefined
  if (/^\d+$/.test(header)) return Number(header)
  const until = Date.parse(header)
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - at) / 1000))
}
