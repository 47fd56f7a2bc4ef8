import { fireEvent, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { OutboxView } from '$shared/generated/types'
import Outbox from '../src/routes/outbox/+page.svelte'
import { appWith, shown } from './fake'

const outbox = (changes: Partial<OutboxView> = {}): { outbox: OutboxView } => ({
  outbox: {
    waiting: [],
    set_aside: [],
    photos: { waiting: 0, bytes: 0, refused: [], on_wifi_only: true } as OutboxView['photos'],
    unopened: [],
    last_contact: null,
    ...changes
  }
})

it('what waits is said to be safe, with its age', () => {
  const waiting = [{ visit: 'a', address: '1 High St', records: 3, oldest: '2026-11-24T10:00:00Z' }]
  shown(appWith().app, Outbox, outbox({ waiting } as Partial<OutboxView>))
  expect(screen.getByText(/Safe on this phone/)).toBeTruthy()
  expect(screen.getByText('3 records, oldest 2 hours')).toBeTruthy()
})

it('a file that can’t be opened here is not said to be with the council before it is', () => {
  shown(appWith().app, Outbox, outbox({ unopened: ['waits', 'sent', 'stays'] }))
  expect(screen.queryByText(/Everything you recorded/)).toBeNull()
  expect(screen.getByText(/It goes to the council by itself/)).toBeTruthy()
  expect(screen.getByText(/It was sent to the council/)).toBeTruthy()
  expect(screen.getByText(/It stays on this phone. Tell the council/)).toBeTruthy()
})

it('whoever visits can read what is kept about them', async () => {
  shown(appWith().app, Outbox, outbox())
  await fireEvent.click(screen.getByText('What the council keeps about you'))
  expect(screen.getByText(/your name, the time, the home/)).toBeTruthy()
  expect(screen.getByText(/does not follow where you are/)).toBeTruthy()
  expect(screen.getByText(/Your supervisor sees your visits, but nothing that was sealed/)).toBeTruthy()
})

it('a council that does not answer is told, and it can be tried again', async () => {
  const { app, asked } = appWith({
    sendNow: async () => Promise.reject({ code: 'no-connection', message: '', refused: null })
  })
  app.again = async () => undefined
  shown(app, Outbox, outbox())
  await fireEvent.click(screen.getByText('Send now'))
  expect((await screen.findByRole('alert')).textContent).toContain('No connection to the council')
  expect(asked).toEqual(['sendNow'])
  expect((screen.getByText('Send now') as HTMLButtonElement).disabled).toBe(false)
})
