import { tab } from './storage'

// A diner's note may say something about their health, and an owner types a guest's
// phone number: a draft is for the same person only, and never part of a URL.

const key = 'jari.draft'

/**
 * Keeps what somebody has typed into a form while the tab is open, so that an expired
 * session or a reload does not lose it. There is one draft, of the form used last.
 * `user` is who typed it, '' while the page cannot tell.
 */
export function saveDraft(form: string, user: string, fields: FormData): void {
  const draft = new URLSearchParams({ form, user })
  for (const [name, value] of fields) if (typeof value === 'string') draft.set(`field.${name}`, value)
  tab.set(key, draft.toString())
}

/** Reads a field of the form's draft; returns '' when there is none, or when another user typed it. */
export function draftOf(form: string, user: string): (field: string) => string {
  const draft = new URLSearchParams(tab.get(key) ?? '')
  const author = draft.get('user')
  const own = draft.get('form') === form && (!author || !user || author === user)
  return (field) => (own && draft.get(`field.${field}`)) || ''
}

/** Forgets the draft: its form was sent, or its author has logged out. */
export function clearDraft(): void {
  tab.remove(key)
}
