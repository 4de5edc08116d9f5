import { afterEach, describe, expect, test, vi } from 'vitest'
import { api } from './client'
import { unwrap } from './problem'

afterEach(() => vi.unstubAllGlobals())

const problem = (reason: string) =>
  new Response(JSON.stringify({ reason }), { status: 503, headers: { 'Retry-After': '1' } })

describe('the edge could not reach the region', () => {
  for (const [name, response] of [
    ['by its problem document', problem('region_unreachable')],
    ["by CloudFront's page", new Response('<html>Bad gateway</html>', { status: 502 })],
  ] as const)
    test(name, async () => {
      vi.stubGlobal('fetch', async () => response)
      await expect(unwrap(api.US.GET('/v1/restaurants'))).rejects.toMatchObject({
        reason: 'region_unreachable',
        region: 'US',
        status: response.status,
      })
    })
})

test('a service that is not available is not a region that is away', async () => {
  vi.stubGlobal('fetch', async () => problem('unavailable'))
  const error = await unwrap(api.US.GET('/v1/restaurants')).catch((caught) => caught)
  expect(error).toMatchObject({ reason: 'unavailable', retryAfter: 1 })
  expect(error.region).toBeUndefined()
})
