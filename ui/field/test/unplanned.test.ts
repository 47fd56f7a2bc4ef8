import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import Unplanned from '../src/routes/unplanned/+page.svelte'
import { VISIT, acted, appWith, shown } from './fake'

it('starts once it is known where, and keeps nothing half typed', async () => {
  const { app, went } = appWith({ startUnplanned: async () => acted() })
  shown(app, Unplanned, {})
  const start = screen.getByText('Start') as HTMLButtonElement
  expect(start.disabled).toBe(true)
  await fireEvent.input(screen.getByLabelText('Address'), { target: { value: '9 Low Road' } })
  expect(start.disabled).toBe(false)
  await fireEvent.submit(start.closest('form') as HTMLFormElement)
  await expect.poll(() => went.mock.calls).toEqual([[`/visit/${VISIT}`, true]])
  expect(app.draft('unplanned-address')).toBe('')
})
