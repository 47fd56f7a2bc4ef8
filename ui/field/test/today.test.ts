import { screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { AppointmentView, TodayView } from '$shared/generated/types'
import Today from '../src/routes/+page.svelte'
import { NOW, VISIT, appWith, shown } from './fake'

const planned = (changes: Partial<AppointmentView> = {}) =>
  ({
    ref: 'WO-1',
    uprn: '100030468123',
    address: ['1 High St'],
    postcode: 'LE13 0AA',
    tenant_name: 'Иван Patel',
    tenant_phone: null,
    visit_kind: 'repair',
    purpose: 'The tap drips',
    window_start: '2026-11-24T14:00:00Z',
    window_end: '2026-11-24T16:00:00Z',
    organisation: 'Melton',
    assigned_to: 'melton-1',
    support_needs: null,
    hazard_note: null,
    told_who_and_why: true,
    attempts: [],
    visit: null,
    notice: {
      standing: 'good',
      given_at: NOW,
      method: 'letter',
      minutes: 20_160,
      written: true,
      told_who_and_why: true,
      earliest: null
    },
    ...changes
  }) as unknown as AppointmentView

const today = (changes: Partial<TodayView> = {}): { today: TodayView } => ({
  today: { appointments: [], later: [], earlier: [], unplanned: [], to_do: [], ...changes }
})

it('the visit that is under way comes before the next one', () => {
  const under = { visit: VISIT, started: true, outcome: null, address: '2 High St', started_at: NOW }
  shown(
    appWith().app,
    Today,
    today({
      appointments: [
        planned(),
        planned({ ref: 'WO-2', address: ['2 High St'], visit: under as unknown as AppointmentView['visit'] })
      ]
    })
  )
  const cards = [...document.querySelectorAll('article')].map((card) => card.textContent)
  expect(cards[0]).toContain('2 High St')
  expect(cards[0]).toContain('Go on')
  expect(cards[1]).toContain('1 High St')
})

it('names are hidden while somebody can see the screen', async () => {
  const { app } = appWith()
  shown(app, Today, today({ appointments: [planned()] }))
  expect(screen.getByText(/Иван Patel/)).toBeTruthy()
  app.watched = true
  await expect.poll(() => screen.queryByText(/Иван Patel/)).toBeNull()
})

it('whoever is late is asked whether they are safe, before anything else', () => {
  const { app } = appWith({}, { overdue: { visit: VISIT, expected_end: '2026-11-24T11:30:00Z' } })
  shown(app, Today, today())
  expect(screen.getByRole('alert').textContent).toContain('You expected to be out by 11:30. Are you safe?')
})

it('a full phone says what still goes and what does not', async () => {
  shown(appWith({}, { is_full: true }).app, Today, today())
  const said = await screen.findByText(/This phone is full/)
  expect(said.textContent).toMatch(/finish your visit and it is sent, but no photo can be added/)
})

it('an app that is too old says what still goes', async () => {
  shown(appWith({}, { is_newer: true }).app, Today, today())
  const said = await screen.findByText(/A newer Doorstep wrote the visits on this phone/)
  expect(said.textContent).toMatch(/everything\s+is sent/)
})
