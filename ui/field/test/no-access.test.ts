import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { VisitView } from '$shared/generated/types'
import NoAccess from '../src/routes/visit/[visit]/no-access/+page.svelte'
import { NOW, VISIT, acted, appWith, problem, shown, visit } from './fake'

const refused = {
  next: ['add_refusal_words'],
  ending: { outcome: 'entry_refused', at: NOW, record: VISIT, refusal: { reason: 'illness', words: null } }
} as unknown as Partial<VisitView>
const data = { visit: { view: visit(refused), taps: 0 } }

it('says that it is saved before it asks for anything more', () => {
  shown(appWith().app, NoAccess, data)
  expect(document.querySelector('#refused-saved')?.textContent).toContain('Saved 12:00')
  expect(screen.getByText(/Leave politely/)).toBeTruthy()
})

for (const [saved, typed] of [
  [true, ''],
  [false, 'She has the flu']
] as const) {
  it(`what was typed is ${saved ? 'gone from the box once it is saved' : 'still there when it was not saved'}`, async () => {
    const { app } = appWith({ act: async () => (saved ? acted(refused) : Promise.reject(problem('device-full'))) })
    shown(app, NoAccess, data)
    app.write(`refused-${VISIT}`, 'She has the flu')
    await fireEvent.click(await screen.findByText('Save their words'))
    await expect.poll(() => app.taps > 0 || app.problem !== null).toBe(true)
    await expect.poll(() => app.draft(`refused-${VISIT}`)).toBe(typed)
  })
}
