import { screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import Past from '../src/routes/past/+page.svelte'
import { NOW, VISIT, appWith, shown } from './fake'

it('an outcome that this version does not know is shown as it is', () => {
  const visits = [{ visit: VISIT, address: '1 High St', started_at: NOW, started: true, outcome: 'moved_out' }]
  shown(appWith().app, Past, { visits })
  expect(screen.getByText('moved out')).toBeTruthy()
})

it('says so where there are none', () => {
  shown(appWith().app, Past, { visits: [] })
  expect(screen.getByText('There are none yet.')).toBeTruthy()
})
