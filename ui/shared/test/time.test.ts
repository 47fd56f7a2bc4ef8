import { describe, expect, it } from 'vitest'
import {
  beginsADay,
  between,
  dayInLondon,
  daysBetween,
  minutesLater,
  momentInLondon,
  noonInLondon
} from '../words/time'

describe('a time on the wall in England is a moment', () => {
  it('in winter and in summer', () => {
    expect(momentInLondon('2026-11-24', '09:30')).toBe('2026-11-24T09:30:00Z')
    expect(momentInLondon('2026-06-24', '09:30')).toBe('2026-06-24T08:30:00Z')
  })
  it('an hour later where the clock leaps over it, and the earlier of two where it goes back', () => {
    expect(momentInLondon('2026-03-29', '01:30')).toBe('2026-03-29T01:30:00Z')
    expect(momentInLondon('2026-10-25', '01:30')).toBe('2026-10-25T00:30:00Z')
  })
  it('and nothing where there is no such time, or no such day', () => {
    for (const time of ['', '25:00', '9 o’clock', '9:5']) expect(momentInLondon('2026-11-24', time)).toBeNull()
    for (const day of ['', '11/24/2026', '2026-02-30']) expect(noonInLondon(day)).toBeNull()
  })
})

describe('days are those of the calendar in England', () => {
  it('although UTC is still in the day before', () => {
    expect(dayInLondon('2026-06-23T23:30:00Z')).toBe('2026-06-24')
    expect(beginsADay('2026-06-23T23:00:00Z')).toBe(true)
    expect(beginsADay('2026-11-24T00:00:01Z')).toBe(false)
  })
  it('however many hours they have', () => {
    expect(daysBetween('2026-03-28T23:59:00Z', '2026-03-29T23:30:00Z')).toBe(2)
    expect(daysBetween('2026-11-25T00:00:00Z', '2026-11-24T23:59:59Z')).toBe(-1)
  })
})

it('minutes are added across a change of the clock as they pass', () => {
  expect(minutesLater('2026-10-25T00:45:00Z', 30)).toBe('2026-10-25T01:15:00Z')
  expect(between('2026-10-25T00:45:00Z', '2026-10-25T01:15:00Z')).toBe(30 * 60_000)
})
