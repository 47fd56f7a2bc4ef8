import { screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import MyId from '../src/routes/visit/[visit]/my-id/+page.svelte'
import { appWith, shown, visit } from './fake'

it('says who comes, for whom and why, and nothing of the tenant', () => {
  const details = { tenant_name: 'Иван Patel', purpose: 'The tap drips', support_needs: 'Deaf' } as never
  shown(appWith().app, MyId, { visit: { view: visit({ details }), taps: 0 } })
  expect(screen.getByText('Harriet Swann')).toBeTruthy()
  expect(screen.getByText(/The tap drips/)).toBeTruthy()
  expect(document.body.textContent).not.toMatch(/Иван|Deaf/)
})
