import { fireEvent, screen } from '@testing-library/svelte'
import { beforeEach, expect, it } from 'vitest'
import type { Concern } from '$shared/generated/types'
import ConcernScreen from '../src/routes/concern/+page.svelte'
import { acted, appWith, shown } from './fake'

let raised: Concern[] = []
beforeEach(() => (raised = []))

async function complains() {
  const { app } = appWith({
    raiseConcern: async (_, concern) => {
      raised.push(concern)
      return acted()
    }
  })
  shown(app, ConcernScreen, { visit: null })
  await fireEvent.click(screen.getByText('The tenant is not happy with us'))
  await fireEvent.input(screen.getByLabelText('What is wrong, in their words?'), {
    target: { value: 'Six weeks without heating' }
  })
  return app
}

const save = () => screen.getByText('Save').closest('button') as HTMLButtonElement

it('without a time it was said just now', async () => {
  await complains()
  await fireEvent.click(save())
  await screen.findByText('Saved')
  expect(raised[0]?.noticed_at).toBe('2026-11-24T12:00:00Z')
})

it('a time that was typed is one of today in England, and the concern goes', async () => {
  await complains()
  await fireEvent.input(screen.getByLabelText('If it was earlier today: when?'), { target: { value: '09:30' } })
  await fireEvent.click(save())
  await screen.findByText('Saved')
  expect(raised[0]?.noticed_at).toBe('2026-11-24T09:30:00Z')
})

it('in summer the wall is an hour before UTC', async () => {
  const app = await complains()
  if (app.status) app.status.now = '2026-06-24T12:00:00Z'
  await fireEvent.input(screen.getByLabelText('If it was earlier today: when?'), { target: { value: '09:30' } })
  await fireEvent.click(save())
  await screen.findByText('Saved')
  expect(raised[0]?.noticed_at).toBe('2026-06-24T08:30:00Z')
})

it('a time later than now is refused by the core, and what was written stays', async () => {
  const { app } = appWith({
    raiseConcern: async () =>
      Promise.reject({
        code: 'refused',
        message: '',
        refused: { clause: '8.1', rule: 'time-to-come', missing: [] }
      })
  })
  shown(app, ConcernScreen, { visit: null })
  await fireEvent.click(screen.getByText('The tenant is not happy with us'))
  const words = screen.getByLabelText('What is wrong, in their words?') as HTMLTextAreaElement
  await fireEvent.input(words, { target: { value: 'Six weeks' } })
  await fireEvent.input(screen.getByLabelText('If it was earlier today: when?'), { target: { value: '23:00' } })
  await fireEvent.click(save())
  expect((await screen.findByRole('alert')).textContent).toContain('That time is later than now. Nothing was saved')
  expect(words.value).toBe('Six weeks')
})

it('a time that is none is told and jams nothing', async () => {
  const app = await complains()
  // A draft that a broken keyboard or an older version may have left.
  app.write('noticed-none', '9 o’clock')
  expect((await screen.findByText(/That is no time of day/)).id).toBe('no-time')
  expect(save().disabled).toBe(true)
  app.write('noticed-none', '')
  await expect.poll(() => save().disabled).toBe(false)
})

it('a time that is none, left from another concern, keeps no safeguarding note from being saved', async () => {
  const notes: string[] = []
  const { app } = appWith({
    flagSafeguarding: async (_, note) => {
      notes.push(note)
      return acted()
    }
  })
  app.write('noticed-none', '9 o’clock')
  shown(app, ConcernScreen, { visit: null })
  await fireEvent.click(screen.getByText('A child or an adult may be at risk'))
  await fireEvent.input(document.querySelector('#note') as HTMLTextAreaElement, {
    target: { value: 'He sleeps in the shed' }
  })
  await fireEvent.click(screen.getByText('Save and seal'))
  await expect.poll(() => notes).toEqual(['He sleeps in the shed'])
})

it.each([
  ['A child or an adult may be at risk', 'off'],
  ['The tenant is not happy with us', null]
])('no spell checker gets what is written, and keyboards learn nothing of a note: %s', async (kind, autocorrect) => {
  const { app } = appWith({})
  shown(app, ConcernScreen, { visit: null })
  await fireEvent.click(screen.getByText(kind))
  const words = document.querySelector('#note')
  expect(words?.getAttribute('spellcheck')).toBe('false')
  expect(words?.getAttribute('autocomplete')).toBe('off')
  expect(words?.getAttribute('autocorrect')).toBe(autocorrect)
})
