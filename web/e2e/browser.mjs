// Finds and starts an installed Chromium; the end-to-end test downloads no browser.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

// The names that `jari tools` searches for, and the path on macOS.
const candidates = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * The path of the browser that CHROMIUM names (`jari with` sets it) or, without CHROMIUM, of the
 * first candidate that is installed; undefined if there is none.
 * @param {NodeJS.ProcessEnv} env
 */
export function findChromium(env = process.env) {
  return (env.CHROMIUM ? [env.CHROMIUM] : candidates)
    .flatMap((name) =>
      name.includes('/') ? [name] : (env.PATH ?? '').split(delimiter).map((dir) => join(dir, name)),
    )
    .find(executable)
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @param {string} executablePath */
export function launch(executablePath) {
  return chromium.launch({
    executablePath,
    args: [
      // Chromium's sandbox does not run as root, as in most containers.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ],
  })
}
