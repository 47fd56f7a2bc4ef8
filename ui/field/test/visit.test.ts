import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import Visit from '../src/routes/visit/[visit]/+page.svelte'
import { NOW, VISIT, acted, appWith, shown, visit } from './fake'

const read = (changes: Parameters<typeof visit>[0], taps = 0) => ({ visit: { view: visit(changes), taps } })

it('offers what the core says may be done next, and nothing else', () => {
  const { app } = appWith()
  shown(app, Visit, read({ next: ['refuse_entry'], shut: { rule: 'consent-first', clause: '3.1', missing: [] } }))
  expect(screen.getByText('Ask for consent to enter first (clause 3.1).')).toBeTruthy()
  expect((screen.getByText('Go in') as HTMLButtonElement).disabled).toBe(true)
  expect(screen.queryByText('Completed')).toBeNull()
})

it('shows the answer to a tap, and no older reading after it', async () => {
  const ending = { outcome: 'completed', at: NOW, record: VISIT, refusal: null }
  const { app, asked } = appWith({ act: async () => acted({ ending } as Parameters<typeof acted>[0]) })
  const { rerender } = shown(app, Visit, read({ next: ['leave'] }))
  await fireEvent.click(screen.getByText('Completed', { selector: '#completed' }))
  await screen.findByText('Today')
  expect(asked).toEqual(['act'])
  // A read that began before the tap was answered arrives late and is ignored.
  await rerender({ app, screen: Visit, data: read({ next: ['leave'] }) })
  expect(document.querySelector('#ended')).not.toBeNull()
  // A read that began afterwards is newer and is shown.
  await rerender({ app, screen: Visit, data: read({ next: ['leave'] }, app.taps) })
  expect(document.querySelector('#ended')).toBeNull()
})

it('a name that this version does not know is shown as it is', () => {
  const { app } = appWith()
  shown(app, Visit, read({ visit_kind: 'boiler_service' as never }))
  expect(screen.getByText(/boiler service/)).toBeTruthy()
})
