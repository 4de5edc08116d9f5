// Keeps the page current: every few seconds it fetches the page again and changes
// only what differs, so that the reader's position, focus, selection and typed text
// stay. Elements with an id are recognised by it. The reader can pause it (WCAG 2.2,
// success criterion 2.2.2), and without this script there is the link Refresh.
'use strict'

const live = document.getElementById('live')
const pauseKey = 'paused ' + location.pathname
const button = document.createElement('button')
const state = document.createElement('span')
button.type = 'button'
state.className = 'dim'
live.append(' ', button, ' ', state)

let paused = sessionStorage.getItem(pauseKey) === 'yes'
let seen = document.querySelector('main').innerHTML
let updated = new Date()

function show(problem) {
  button.textContent = paused ? 'Resume updates' : 'Pause updates'
  const since = updated.toLocaleTimeString('en-GB')
  state.textContent = problem ? `Not updated since ${since}: ${problem}` : paused ? `Paused at ${since}` : ''
}

button.addEventListener('click', () => {
  paused = !paused
  sessionStorage.setItem(pauseKey, paused ? 'yes' : 'no')
  show()
  if (!paused) update()
})

// morph makes the node old equal to the node wanted, and keeps what need not change.
function morph(old, wanted) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== wanted.data) old.data = wanted.data
    return
  }
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && name !== 'open') old.removeAttribute(name) // the reader opens <details>
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  let next = old.firstChild
  for (const child of [...wanted.childNodes]) {
    const known = child.id ? [...old.children].find((c) => c.id === child.id) : undefined
    const alike = next && !child.id && !next.id && next.nodeName === child.nodeName ? next : undefined
    const match = known ?? alike
    if (!match) {
      old.insertBefore(document.importNode(child, true), next)
    } else {
      if (match === next) next = next.nextSibling
      else old.insertBefore(match, next)
      morph(match, child)
    }
  }
  while (next) {
    const after = next.nextSibling
    next.remove()
    next = after
  }
}

async function update() {
  if (paused || document.hidden) return
  try {
    const response = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(10_000) })
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    const wanted = page.querySelector('main')
    if (paused) return // while the response was on its way
    if (!wanted) return show(`the server responds with ${response.status}`)
    updated = new Date()
    if (wanted.innerHTML !== seen) {
      seen = wanted.innerHTML
      morph(document.querySelector('main'), document.importNode(wanted, true))
    }
    show()
  } catch {
    show('the server does not respond')
  }
}

show()
setInterval(update, 1000 * Number(live.dataset.seconds))
