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

/** The browser named by CHROMIUM, else the first one installed, else undefined. */
export function findChromium() {
  return [process.env.CHROMIUM, ...usual].find((path) => {
    try {
      if (path) accessSync(path, constants.X_OK)
      return !!path
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
