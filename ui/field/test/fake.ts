// A fake core that gives the answers a test sets and remembers what it was asked. It refuses every
// other question, so that no screen asks for more than it needs.
import { render } from '@testing-library/svelte'
import type { Component } from 'svelte'
import { vi } from 'vitest'
import { App } from '$lib/app.svelte'
import type { Core } from '$lib/core'
import type { Acted, Numbers, Problem, StatusView, VisitView, Vocabulary } from '$shared/generated/types'
import Within from './Within.svelte'

export const NOW = '2026-11-24T12:00:00Z'
export const VISIT = '01a20c98-ecbc-7521-9628-813cb1776a77'

export const numbers: Numbers = {
  notice_minimum_hours: 24,
  notice_good_hours: 48,
  notice_in_writing_hours: 24,
  planned_work_days: 14,
  adult_age: 18,
  attempts_before_letter: 3,
  welfare_question_at_attempt: 2,
  phone_it_in_minutes: 15,
  own_visits_days: 30,
  offline_hours: 72,
  safe_reminder_minutes: 5,
  lock_minutes: 2
}

export function status(changes: Partial<StatusView> = {}): StatusView {
  return {
    enrolled: {
      display_name: 'Harriet Swann',
      position: 'Housing officer',
      organisation: 'Melton Borough Council',
      council_name: 'Melton Borough Council'
    } as StatusView['enrolled'],
    numbers,
    pin_set: true,
    signed_in: true,
    left_by_others: 0,
    is_full: false,
    is_newer: false,
    salvaged: null,
    records: 0,
    unsent: 0,
    oldest_unsent: null,
    set_aside: 0,
    photos_waiting: 0,
    phone_it_in: null,
    overdue: null,
    remind_at: null,
    under_way: null,
    sign_the_code: false,
    last_contact: null,
    now: NOW,
    standing: 'open',
    ended_by: null,
    ...changes
  }
}

/** A visit that has started and is at the door. */
export function visit(changes: Partial<VisitView> = {}): VisitView {
  return {
    visit: VISIT,
    details: null,
    missing_before_entry: [],
    agreement_missing: false,
    not_told_who_and_why: false,
    tenant_not_told: false,
    next: [],
    shut: null,
    ask_welfare: false,
    attempts: [],
    custody: { waiting: true, received_at: null, photos: [] },
    appointment: null,
    uprn: '100030468123',
    visit_kind: 'repair',
    actor: null,
    address: '1 High St',
    purpose: 'The tap drips',
    opened_at: NOW,
    started_at: NOW,
    notice: null,
    before: { agreement: null, told: null, lone_working: null, safe_at: null, knows_tenant: null },
    steps: {},
    entry: null,
    consent_withdrawn_at: null,
    ending: null,
    after: {
      cancellation: null,
      told_of_cancellation: null,
      withdrawal: null,
      next_visit_needs: null,
      card_left: null,
      welfare: null,
      follow_up: null,
      signed_by: null
    },
    concerns: [],
    photos: [],
    findings: [],
    timeline: [],
    ...changes
  } as VisitView
}

export const vocabulary: Vocabulary = {
  steps: [],
  refusal_reasons: [
    ['illness', 'valid'],
    ['other', 'supervisor_decides']
  ],
  no_access: ['entry_refused', 'no_answer', 'no_suitable_adult'],
  visit_kinds: ['repair', 'emergency_repair'],
  notice_methods: ['phone', 'letter'],
  consent_by: ['tenant'],
  lawful_grounds: [],
  cancelled_by: ['visitor', 'council', 'tenant'],
  cancel_reasons: ['illness', 'running_late'],
  withdrawal_reasons: ['aggression', 'other'],
  concerns: [
    { kind: 'complaint', clause: '8.1', asks_when: true },
    { kind: 'safeguarding', clause: '6.2', asks_when: false }
  ],
  hazards: ['gas'],
  severities: ['emergency'],
  photo_purposes: []
} as unknown as Vocabulary

/** An answer to a tap. */
export const acted = (changes: Partial<VisitView> = {}): Acted => ({ visit: visit(changes), status: status() })

/** A problem, in the form that the core throws. */
export const problem = (code: string, message = ''): Problem => ({ code, message, refused: null })

/** Questions that any screen may ask, which are not noted. */
const BESIDE = ['status', 'drafts', 'keepDraft']

/** An app with a fake core that gives these answers. `asked` notes the questions. */
export function appWith(answers: Partial<Core> = {}, changes: Partial<StatusView> = {}) {
  const asked: string[] = []
  const known: Partial<Core> = {
    status: async () => status(changes),
    keepDraft: async () => undefined,
    drafts: async () => ({}),
    ...answers
  }
  const core = new Proxy({} as Core, {
    get:
      (_, name: string) =>
      (...said: unknown[]) => {
        if (!BESIDE.includes(name)) asked.push(name)
        const answer = known[name as keyof Core] as ((...said: unknown[]) => unknown) | undefined
        return answer ? answer(...said) : Promise.reject(problem('not-expected', name))
      }
  })
  const app = new App(core)
  app.status = status(changes)
  app.vocabulary = vocabulary
  return { app, asked, went: vi.spyOn(app, 'go').mockImplementation(() => undefined) }
}

/** Renders a screen with the data that its load would give it. */
export const shown = (app: App, screen: Component<never>, data: unknown) =>
  render(Within, { props: { app, screen, data } })
