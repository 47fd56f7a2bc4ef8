import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import Refused from '../src/routes/visit/[visit]/refused/+page.svelte'
import { VISIT, acted, appWith, problem, shown } from './fake'

it('one tap on a reason saves it by one call, and Back does not lead to the question again', async () => {
  const { app, asked, went } = appWith({ act: async () => acted() })
  shown(app, Refused, { visit: VISIT })
  await fireEvent.click(screen.getByText('Somebody is ill'))
  await expect.poll(() => went.mock.calls).toEqual([[`/visit/${VISIT}/no-access`, true]])
  expect(asked).toEqual(['act'])
})

it('a reason that could not be saved is told, and nothing moves on', async () => {
  const { app, went } = appWith({ act: async () => Promise.reject(problem('device-full')) })
  shown(app, Refused, { visit: VISIT })
  await fireEvent.click(screen.getByText('Somebody is ill'))
  expect((await screen.findByRole('alert')).textContent).toContain('This phone is full')
  expect(went).not.toHaveBeenCalled()
})
