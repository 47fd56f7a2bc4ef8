// Days and times as people in England see them. What comes in and goes out is a moment in UTC, as in
// `2026-11-24T10:02:00Z`. Calendars are reckoned by Temporal, and never by the words for a date. Its
// functions are taken one by one, so that a phone loads no more of it than is used.
import * as Calendar from 'temporal-polyfill/fns/Calendar'
import * as Instant from 'temporal-polyfill/fns/Instant'
import * as Now from 'temporal-polyfill/fns/Now'
import * as PlainDate from 'temporal-polyfill/fns/PlainDate'
import * as PlainTime from 'temporal-polyfill/fns/PlainTime'
import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime'

const LONDON = 'Europe/London'

/** This moment, in UTC. */
export function now(): string {
  return Instant.toString(Now.instant())
}

/** Milliseconds since 1970, for a formatter of words. */
export function epochMs(at: string): number {
  return Instant.fromString(at).epochMilliseconds
}

/** From one moment to another, in milliseconds. */
export function between(from: string, to: string): number {
  return epochMs(to) - epochMs(from)
}

/** A moment so many minutes later. */
export function minutesLater(at: string, minutes: number): string {
  return Instant.toString(Instant.addMinutes(Instant.fromString(at), minutes))
}

function inLondon(at: string): ZonedDateTime.Record {
  return Instant.toZonedDateTimeISO(Instant.fromString(at), LONDON)
}

/** The day on the calendar in England, as in `2026-11-24`. */
export function dayInLondon(at: string): string {
  return PlainDate.toString(ZonedDateTime.toPlainDate(inLondon(at)))
}

/** Today in England, as in `2026-11-24`. */
export function todayInLondon(): string {
  return dayInLondon(now())
}

/** How many days on the calendar in England lie between two moments. */
export function daysBetween(from: string, to: string): number {
  return PlainDate.diffDays(ZonedDateTime.toPlainDate(inLondon(from)), ZonedDateTime.toPlainDate(inLondon(to)))
}

/** Noon of a day on the calendar in England: `null` where there is no such day. */
export function noonInLondon(day: string): string | null {
  return momentInLondon(day, '12:00')
}

/**
 * A time on the wall in England on a day, as a moment: `null` where that is no time or no day. In
 * the hour that a clock goes back over, the earlier of the two; one that it leaps over, an hour
 * later.
 */
export function momentInLondon(day: string, time: string): string | null {
  try {
    const date = PlainDate.fromString(day, () => Calendar.getISO())
    const moment = PlainDate.toZonedDateTime(date, { timeZone: LONDON, plainTime: PlainTime.fromString(time) })
    return Instant.toString(ZonedDateTime.toInstant(moment))
  } catch {
    return null
  }
}

/** Whether a moment is the beginning of a day in England. */
export function beginsADay(at: string): boolean {
  return ZonedDateTime.equals(inLondon(at), ZonedDateTime.startOfDay(inLondon(at)))
}
