import { render, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { Council } from '$lib/council'
import { Desk } from '$lib/desk'
import type { ConcernList, SessionView } from '$shared/generated/types'
import Concerns from '../src/routes/concerns/+page.svelte'

const at = '2026-11-24T10:00:00Z'

it('a concern of a kind that this version does not know stands in the list, and breaks nothing', () => {
  const row = (about: unknown, kind: string) => ({
    record: kind,
    kind,
    clause: '8.1',
    concern: { about, words: `Words of ${kind}`, noticed_at: at },
    struck: null,
    address: '1 High St',
    visit: 'v',
    received_at: at,
    visitor_name: 'Pete',
    organisation: 'Vale'
  })
  const concerns = [row({ loud_noise: {} }, 'loud_noise'), row('bullying', 'bullying'), row('breach', 'breach')]
  const answer = { concerns, next: null } as unknown as ConcernList
  const desk = new Desk({} as Council, { may: [] } as unknown as SessionView)
  render(Concerns, { props: { data: { desk, list: { answer } }, params: {}, form: null } as never })
  for (const words of ['Words of loud_noise', 'Words of bullying', 'Words of breach']) {
    expect(screen.getByText(words)).toBeTruthy()
  }
})
