import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { VisitView } from '$shared/generated/types'
import Cancel from '../src/routes/visit/[visit]/cancel/+page.svelte'
import { NOW, VISIT, acted, appWith, shown, visit } from './fake'

it('who called it off, why, and then the tenant is told', async () => {
  const cancelled = {
    tenant_not_told: true,
    ending: { outcome: 'cancelled', at: NOW, record: VISIT, refusal: null },
    after: { ...visit().after, cancellation: { by: 'visitor', reason: 'illness', words: null } }
  } as unknown as Partial<VisitView>
  const { app, asked } = appWith({ act: async () => acted(cancelled) })
  shown(app, Cancel, { visit: { view: visit({ next: ['cancel'] }), taps: 0 } })
  await fireEvent.click(screen.getByText('I can’t make it'))
  await fireEvent.click(await screen.findByText('I am ill or hurt'))
  expect(await screen.findByText(/The tenant does not know yet/)).toBeTruthy()
  expect(asked).toEqual(['act'])
})
