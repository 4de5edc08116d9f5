// Finds and starts a Chromium of the machine: the page's test downloads no browser.
import { accessSync, constants } from 'node:fs'
import { chromium } from 'playwright-core'

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The browser that CHROMIUM names, or without it the first one installed; undefined if it is not there. */
export function findChromium() {
  const named = process.env.CHROMIUM
  return (named ? [named] : usual).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
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
