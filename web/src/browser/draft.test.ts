import { beforeEach, expect, test } from 'vitest'
import { clearDraft, draftOf, saveDraft } from './draft'

const typed = new FormData()
typed.set('note', 'no peanuts & nuts')
beforeEach(() => {
  clearDraft()
  saveDraft('hanok', 'mina', typed)
})

test('a draft survives until it is cleared', () => {
  expect(draftOf('hanok', 'mina')('note')).toBe('no peanuts & nuts')
  expect(draftOf('hanok', 'mina')('phone')).toBe('')
  clearDraft()
  expect(draftOf('hanok', 'mina')('note')).toBe('')
})

test('a draft belongs to its form', () => {
  expect(draftOf('mapo', 'mina')('note')).toBe('')
})

test('another user does not see a draft', () => {
  expect(draftOf('hanok', 'jun')('note')).toBe('')
  expect(draftOf('hanok', '')('note'), 'it is not known yet who is there').toBe('no peanuts & nuts')
})

test('what is typed before the page knows the user becomes the user’s', () => {
  saveDraft('hanok', '', typed)
  expect(draftOf('hanok', 'mina')('note')).toBe('no peanuts & nuts')
})
