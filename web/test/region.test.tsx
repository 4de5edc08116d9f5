import { fireEvent, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { openPage } from './page'

/** Opens a restaurant's page and looks at the next region as a browser does: the value changes while the key is down. */
async function lookAtAmerica() {
  const opened = await openPage({ path: '/kr/restaurants/hanok-table' })
  await screen.findByRole('heading', { name: 'Hanok Table' })
  const select = screen.getByLabelText<HTMLSelectElement>('Region')
  select.focus()
  fireEvent.keyDown(select, { key: 'ArrowDown' })
  fireEvent.change(select, { target: { value: 'US' } })
  fireEvent.keyUp(select, { key: 'ArrowDown' })
  return { ...opened, select }
}

const american = (calls: string[]) => calls.filter((call) => call.endsWith(' US'))

test('an arrow key in the region list changes nothing until Enter', async () => {
  const { api, user, select } = await lookAtAmerica()
  expect(select.value).toBe('US')
  screen.getByRole('heading', { name: 'Hanok Table' })
  expect(american(api.calls)).toEqual([])
  await user.keyboard('{Enter}')
  await screen.findByRole('link', { name: 'Brooklyn Hearth' })
})

test('the button beside the region list shows the region that an arrow key reached', async () => {
  const { user } = await lookAtAmerica()
  await user.tab()
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Show United States' }))
  await user.keyboard('{Enter}')
  await screen.findByRole('link', { name: 'Brooklyn Hearth' })
  expect(screen.queryByRole('button', { name: 'Show United States' })).toBeNull()
})

test('Escape returns the region list to the region of the page', async () => {
  const { user, select } = await lookAtAmerica()
  await user.keyboard('{Escape}')
  expect(select.value).toBe('KR')
  expect(screen.queryByRole('button', { name: 'Show United States' })).toBeNull()
})
