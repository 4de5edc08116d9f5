// `npm run e2e -- --rehearse`: the same scenario with web/dist and the tests' fake
// API instead of a running system. It checks the scenario and the looks of the
// page; it does not test the services.
import { readFile } from 'node:fs/promises'
import { FakeApi } from '../test/fakeapi.mjs'

const types = { js: 'text/javascript', css: 'text/css', html: 'text/html', map: 'application/json' }

/** @typedef {import('playwright-core').Page} Page */

/** @param {Page} page @returns {Promise<string>} the page's base URL */
export async function rehearse(page) {
  const api = new FakeApi()
  api.owner()
  return serve(page, api, new URL('../dist/', import.meta.url))
}

/**
 * Answers the page's requests: files from the folder of a build, everything under /v1/ from the fake API.
 * An API call that the fake fails with an exception gets no response, as without a connection.
 * @param {Page} page @param {FakeApi} api @param {URL} dist @returns {Promise<string>} the page's base URL
 */
export async function serve(page, api, dist) {
  const base = 'http://127.0.0.1:1'
  await page.route(`${base}/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname.startsWith('/v1/')) {
      const response = await respond(api, route.request()).catch(() => undefined)
      return response ? route.fulfill(response) : route.abort('connectionrefused')
    }
    const file = /\.\w+$/.test(pathname) ? pathname.slice(1) : 'index.html'
    const body = await readFile(new URL(file, dist))
    const ending = /** @type {keyof typeof types} */ (file.split('.').at(-1))
    return route.fulfill({ body, contentType: `${types[ending]}; charset=utf-8` })
  })
  return base
}

/** @param {FakeApi} api @param {import('playwright-core').Request} request */
async function respond(api, request) {
  const response = await api.fetch(
    new Request(request.url(), {
      method: request.method(),
      headers: await request.allHeaders(),
      body: request.postData() ?? undefined,
    }),
  )
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  }
}
