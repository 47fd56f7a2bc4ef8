import { describe, expect, it } from 'vitest'
import type { Attempt, Numbers, StatusView } from '../generated/types'
import { asideWords } from '../words/aside'
import {
  age,
  attemptWords,
  clock,
  date,
  dayWords,
  findingWords,
  moment,
  problemWords,
  sendingWords,
  stepLabel,
  windowWords
} from '../words/en'
import { noticeWords, told } from '../words/events'
import { numberName, numberWords } from '../words/numbers'

const now = '2026-11-24T12:00:00Z'

const numbers: Numbers = {
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

function status(changes: Partial<StatusView>): StatusView {
  return {
    enrolled: null,
    pin_set: true,
    signed_in: true,
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
    now,
    standing: 'open',
    ended_by: null,
    numbers,
    ...changes
  }
}

describe('times are those of the wall in England', () => {
  it('in winter and in summer', () => {
    expect(clock('2026-11-24T10:02:00Z')).toBe('10:02')
    expect(clock('2026-06-24T10:02:00Z')).toBe('11:02')
  })
  it('and days are named as people name them', () => {
    expect(dayWords('2026-11-24T00:30:00Z', now)).toBe('today')
    expect(dayWords('2026-11-25T09:00:00Z', now)).toBe('tomorrow')
    expect(dayWords('2026-11-23T23:30:00Z', now)).toBe('yesterday')
    expect(dayWords('2026-12-04T09:00:00Z', now)).toBe('Friday 4 December')
  })
  it('and a moment after midnight in summer belongs to the new day', () => {
    expect(moment('2026-06-23T23:30:00Z')).toBe('24 June 2026, 00:30')
  })
  it('and a summer evening belongs to its own day', () => {
    expect(dayWords('2026-06-23T23:30:00Z', '2026-06-24T08:00:00Z')).toBe('today')
  })
  it('and windows read like speech', () => {
    expect(windowWords('2026-11-24T14:00:00Z', '2026-11-24T16:30:00Z')).toBe('2pm to 4:30pm')
  })
})

describe('the bar says how sending stands', () => {
  it('quietly when all is sent, and while it waits', () => {
    expect(sendingWords(status({}))).toEqual({ words: 'All sent', loud: false })
    expect(sendingWords(status({ photos_waiting: 2 }))).toEqual({ words: '2 photos to send', loud: false })
    expect(sendingWords(status({ unsent: 3, oldest_unsent: '2026-11-24T10:00:00Z' }))).toEqual({
      words: '3 waiting, oldest 2 hours',
      loud: false
    })
  })
  it('as just now while it is fresh', () => {
    expect(sendingWords(status({ unsent: 1, oldest_unsent: now })).words).toBe('1 waiting, just now')
  })
  it('loudly after a day, and when something was set aside', () => {
    expect(sendingWords(status({ unsent: 3, oldest_unsent: '2026-11-22T10:00:00Z' }))).toEqual({
      words: 'Not sent since Sunday',
      loud: true
    })
    expect(sendingWords(status({ set_aside: 1 })).loud).toBe(true)
  })
  it('and a clock that went back makes no negative age', () => {
    expect(age('2026-11-24T13:00:00Z', now)).toBe('less than a minute')
  })
})

describe('problems say what happened, what is safe and what to do', () => {
  it('with the clause where a rule said no', () => {
    const refused = { clause: '3.1', rule: 'consent-first', missing: ['consent'] } as const
    expect(problemWords({ code: 'consent-first', message: '', refused: { ...refused, missing: ['consent'] } })).toBe(
      'Ask for consent to enter first (clause 3.1).'
    )
  })
  it('and fall back on the core’s own words', () => {
    expect(problemWords({ code: 'new-code', message: 'the tap failed', refused: null })).toBe('The tap failed')
  })
  it('and findings and set-aside records are told in plain words', () => {
    expect(findingWords({ finding: 'not_done', step: 'shoe_covers' })).toBe('Not done: Shoe covers on')
    expect(asideWords('fork')).toContain('restored from a copy')
  })
})

const attempt = (at: string, changes: Partial<Attempt> = {}): Attempt => ({
  visit: '0',
  at,
  outcome: 'no_answer',
  counting: 'counts',
  in_court: false,
  ...changes
})

describe('the council’s numbers have names', () => {
  it('and units that fit them', () => {
    expect(numberName('complaint.acknowledge')).toBe('Complaint: acknowledge')
    expect(numberWords(1, 'working_days')).toBe('1 working day')
    expect(numberWords(null, 'years')).toBe('For ever')
  })
})

describe('a step says the age that the council has set', () => {
  it('and not one of its own', () => {
    expect(stepLabel('adult_present', { ...numbers, adult_age: 16 })).toBe('An adult is there (16 or over)')
    expect(stepLabel('shoe_covers', numbers)).toBe('Shoe covers on')
  })
})

describe('attempts say which of them count', () => {
  it('and nothing where nobody was ever kept out', () => {
    expect(attemptWords([], numbers)).toEqual([])
  })
  it('a valid refusal is never counted against the tenant', () => {
    const lines = attemptWords(
      [
        attempt('2026-03-03T10:00:00Z', { in_court: true }),
        attempt('2026-04-03T10:00:00Z', { counting: 'valid_refusal' })
      ],
      numbers
    )
    expect(lines).toEqual([
      'Attempt 2 of 3 without access, since 3 March.',
      '1 valid refusal: never counted against the tenant.',
      'After written notice in time, so that a court counts it: 3 March.'
    ])
  })
})

describe('notice is said in words, loud only where it falls short', () => {
  const notice = {
    standing: 'short' as const,
    given_at: now,
    method: 'phone' as const,
    minutes: 720,
    written: false,
    told_who_and_why: true,
    earliest: null
  }
  it('short', () => {
    expect(noticeWords(notice)).toEqual({ words: 'Short notice: 12 hours, by phone', loud: true })
  })
  it('enough, good, and none needed', () => {
    expect(noticeWords({ ...notice, standing: 'meets_minimum', minutes: 1440 }).words).toBe(
      'Enough notice: 24 hours, by phone'
    )
    expect(noticeWords({ ...notice, standing: 'good', minutes: 20_160 }).words).toBe('Good notice: 14 days, by phone')
    expect(noticeWords({ ...notice, standing: 'exempt_emergency', minutes: null, method: null }).loud).toBe(false)
  })
})

describe('what happened is told with its clause', () => {
  it('as a person would tell it', () => {
    expect(told('left_now')).toEqual({ words: 'Left at once', clause: '7' })
    expect(told({ consent_withdrawn: { by: 'tenant', words: 'Please go' } })).toEqual({
      words: 'The tenant took back their consent. “Please go”',
      clause: '3.1'
    })
    expect(told({ told_of_cancellation: { means: 'phone', apologised: true, new_time: 'Thursday at 10' } }).words).toBe(
      'Told the tenant by phone, with an apology, and offered Thursday at 10'
    )
  })
  it('and days on the calendar carry their year', () => {
    expect(date('2026-12-01')).toBe('Tuesday 1 December 2026')
    expect(date('2027-03-28')).toBe('Sunday 28 March 2027')
  })
})

describe('what a newer program wrote is shown, and breaks nothing', () => {
  it('facts, concerns, notice, findings and names', () => {
    expect(told('teleported' as never).words).toContain('does not know')
    expect(told({ teleported: { to: 'Mars' } } as never).words).toContain('does not know')
    expect(
      told({ concern_raised: { about: { loud_noise: {} }, words: 'At night', noticed_at: now } } as never)
    ).toEqual({
      words: 'loud noise. “At night”'
    })
    expect(told({ concern_raised: { about: 'bullying', words: '', noticed_at: now } } as never).words).toBe('bullying')
    expect(noticeWords({ standing: 'by_court_order', minutes: null, method: null } as never).words).toContain('Notice')
    expect(findingWords({ finding: 'wrong_house' } as never)).toContain('does not know')
    expect(told({ entered: { basis: { warrant: {} }, admitted: null } } as never).words).toContain('does not know')
  })
})
