import { describe, expect, it } from 'vitest'
import type { StatusView } from '../src/generated/types'
import {
  age,
  asideWords,
  clock,
  dayWords,
  findingWords,
  problemWords,
  sendingWords,
  windowWords
} from '../src/words/en'

const now = '2026-11-24T12:00:00Z'

function status(changes: Partial<StatusView>): StatusView {
  return {
    enrolled: null,
    pin_set: true,
    signed_in: true,
    records: 0,
    unsent: 0,
    oldest_unsent: null,
    set_aside: 0,
    phone_it_in: null,
    overdue: null,
    under_way: null,
    sign_the_code: false,
    last_contact: null,
    now,
    revoked: false,
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
