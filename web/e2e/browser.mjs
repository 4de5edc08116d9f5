// Finds and starts a Chromium of the machine: the page's test downloads no browser.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

// The names that `jari tools` looks for, and where macOS keeps it.
const usual = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * The browser that CHROMIUM names (`jari with` sets it), or without it the first one installed;
 * undefined if it is not there.
 * @param {NodeJS.ProcessEnv} env
 */
export function findChromium(env = process.env) {
  return (env.CHROMIUM ? [env.CHROMIUM] : usual)
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
      // The sandbox refuses to run as root, as in most containers.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ],
  })
}
