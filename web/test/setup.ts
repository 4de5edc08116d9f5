import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

// jsdom knows <dialog> but not how to open it.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false
  this.dispatchEvent(new Event('close'))
}
window.scrollTo = () => {}

afterEach(() => {
  cleanup()
  localStorage.clear()
})
