import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { VisitView } from '$shared/generated/types'
import LeftNow from '../src/routes/visit/[visit]/left-now/+page.svelte'
import { NOW, VISIT, acted, appWith, shown, visit } from './fake'

const left = {
  ending: { outcome: 'withdrawn', at: NOW, record: VISIT, refusal: null }
} as unknown as Partial<VisitView>

it('first whether they are safe; what happened can wait', async () => {
  const safe = { ...left, before: { ...visit().before, safe_at: '2026-11-24T12:05:00Z' } }
  const { app } = appWith({ act: async () => acted(safe) })
  shown(app, LeftNow, { visit: { view: visit(left), taps: 0 } })
  expect(document.querySelector('#left-now')?.textContent).toBe('Saved: you left at 12:00.')
  expect(document.querySelector('details')?.open).toBe(false)
  await fireEvent.click(screen.getByText('I am safe'))
  await screen.findByText(/You said at 12:05 that you are safe/)
})
