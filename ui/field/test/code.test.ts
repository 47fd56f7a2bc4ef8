import { screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { CodeView } from '$shared/generated/types'
import Code from '../src/routes/code/+page.svelte'
import { NOW, appWith, shown } from './fake'

const code = (changes: Partial<CodeView>) =>
  ({
    label: 'Version 2',
    hash: 'ab',
    from: '2025-06-02',
    in_force: true,
    sections: [],
    signed_at: null,
    ...changes
  }) as CodeView

it('says since when it binds, and asks for a signature until there is one', () => {
  const { unmount } = shown(appWith().app, Code, { code: code({}) })
  expect(screen.getByText(/in force since Monday 2 June 2025/)).toBeTruthy()
  expect(screen.getByText('Sign it')).toBeTruthy()
  unmount()
  shown(appWith().app, Code, { code: code({ signed_at: NOW }) })
  expect(screen.getByText(/You signed it today at 12:00/)).toBeTruthy()
  expect(screen.queryByText('Sign it')).toBeNull()
})
