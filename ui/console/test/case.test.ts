import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { Council } from '$lib/council'
import { Desk } from '$lib/desk'
import type { CaseDeed, CaseDetail, SessionView } from '$shared/generated/types'
import Case from '../src/routes/cases/[case]/+page.svelte'

const detail = (changes: Record<string, unknown> = {}) =>
  ({
    row: {
      case: 'ab',
      kind: 'complaint',
      clause: '8.1',
      opened_at: '2026-11-24T10:00:00Z',
      received_at: '2026-11-24T11:00:00Z',
      visit: 'v',
      address: '1 High St',
      visitor_name: 'Pete',
      organisation: 'Vale',
      owner_name: null,
      closed_at: null,
      outcome: null
    },
    due: { step: 'acknowledge', by: '2026-12-01T00:00:00Z', source: 'The Ombudsman’s code' },
    as_of: '2026-11-24T12:00:00Z',
    may_act: true,
    owners: [],
    steps_left: ['acknowledge'],
    next: ['assign', 'note', 'done', 'close', 'escalate'],
    outcomes: ['upheld'],
    concern: null,
    last_contact: null,
    log: [],
    ...changes
  }) as unknown as CaseDetail

/** Renders the page of a case, with a council that answers changes with `does`. */
function shown(answer: CaseDetail, does: (deed: CaseDeed) => Promise<CaseDetail> = async () => answer) {
  const council = { doAbout: (_: string, deed: CaseDeed) => does(deed) } as unknown as Council
  const desk = new Desk(council, { may: ['POST /api/cases/{case}'] } as unknown as SessionView)
  return render(Case, { props: { data: { desk, case: { answer } }, params: { case: 'ab' }, form: null } as never })
}

it('a deadline at the end of a day is said by its day', () => {
  shown(detail())
  expect(document.querySelector('#due')?.textContent).toBe('Acknowledge, by Monday 30 November 2026')
})

it('what a newer council calls things is shown as it is, and breaks nothing', () => {
  const log = [{ at: '2026-11-24T11:00:00Z', action: 'done', subject: 'visit_again', user: 'joan', words: null }]
  const row = { ...detail().row, kind: 'loud_music' }
  shown(detail({ row, log, steps_left: ['visit_again'], due: { step: 'visit_again', by: null, source: '' } }))
  expect(screen.getByRole('heading', { level: 1 }).textContent).toContain('loud music')
  expect(document.querySelector('#case-log')?.textContent).toContain('visit again')
})

it('what was written is gone once it is done, and stays when the council refused it', async () => {
  let refuses = true
  shown(detail(), async () => (refuses ? Promise.reject({ code: 'x', message: 'No', refused: null }) : detail()))
  const words = screen.getByLabelText('What was done, or why') as HTMLTextAreaElement
  await fireEvent.input(words, { target: { value: 'Rang them' } })
  await fireEvent.click(screen.getByText('Write it down'))
  await screen.findByText('There is a problem')
  expect(words.value).toBe('Rang them')
  expect(document.querySelector('#due'), 'the case is still there').not.toBeNull()
  refuses = false
  await fireEvent.click(screen.getByText('Write it down'))
  await expect.poll(() => words.value).toBe('')
  expect(screen.queryByText('There is a problem')).toBeNull()
})
