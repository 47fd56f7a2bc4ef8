import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { CodeView } from '$shared/generated/types'
import Sign from '../src/routes/sign/+page.svelte'
import { appWith, problem, shown } from './fake'

const code = {
  label: 'Version 2',
  hash: 'ab',
  from: '2025-06-02',
  sections: [],
  signed_at: null
} as unknown as CodeView

it('a name typed under the text is a signature', async () => {
  const signed: unknown[] = []
  const { app, went } = appWith({
    acknowledge: async (...said) => {
      signed.push(said)
      return code
    }
  })
  shown(app, Sign, { code })
  await fireEvent.click(screen.getByText(/I have read it/))
  await expect.poll(() => went.mock.calls).toEqual([['/', true]])
  expect(signed, 'nothing was drawn').toEqual([['ab', 'Harriet Swann', []]])
})

it('a version that came in meanwhile is not signed unread', async () => {
  const { app, went } = appWith({ acknowledge: async () => Promise.reject(problem('another-code')) })
  shown(app, Sign, { code })
  await fireEvent.click(screen.getByText(/I have read it/))
  expect((await screen.findByRole('alert')).textContent).toContain('Read that one, then sign it')
  expect(went).not.toHaveBeenCalled()
})
