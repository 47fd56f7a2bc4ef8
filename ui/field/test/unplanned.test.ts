import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import Unplanned from '../src/routes/unplanned/+page.svelte'
import { VISIT, acted, appWith, problem, shown } from './fake'

it('starts, and keeps nothing half typed', async () => {
  const { app, went } = appWith({ startUnplanned: async () => acted() })
  shown(app, Unplanned, {})
  const start = screen.getByText('Start') as HTMLButtonElement
  await fireEvent.input(screen.getByLabelText('Address'), { target: { value: '9 Low Road' } })
  await fireEvent.submit(start.closest('form') as HTMLFormElement)
  await expect.poll(() => went.mock.calls).toEqual([[`/visit/${VISIT}`, true]])
  expect(app.draft('unplanned-address')).toBe('')
})

it('says what is missing, as the core does, and keeps what was typed', async () => {
  const { app, went } = appWith({ startUnplanned: async () => Promise.reject(problem('no-home')) })
  shown(app, Unplanned, {})
  await fireEvent.input(screen.getByLabelText('Why you are going'), { target: { value: 'A burst pipe' } })
  await fireEvent.submit(screen.getByText('Start').closest('form') as HTMLFormElement)
  expect((await screen.findByRole('alert')).textContent).toContain('address')
  expect(went).not.toHaveBeenCalled()
  expect(app.draft('unplanned-purpose')).toBe('A burst pipe')
})
