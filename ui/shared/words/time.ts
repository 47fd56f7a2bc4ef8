// Days and times in England. Moments go in and out as UTC text, as in `2026-11-24T10:02:00Z`.
// Temporal does the arithmetic, never the words for a date. Its functions are imported one by one,
// so that a phone only loads those that are used.
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

/** A moment in milliseconds since 1970, as `Intl.DateTimeFormat` takes it. */
export function epochMs(at: string): number {
  return Instant.fromString(at).epochMilliseconds
}

/** The time from one moment to another, in milliseconds; negative if `to` is earlier. */
export function between(from: string, to: string): number {
  return epochMs(to) - epochMs(from)
}

/** The moment this many minutes later. */
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

/** How many calendar days in England `to` is after `from`; negative if it is before. */
export function daysBetween(from: string, to: string): number {
  return PlainDate.diffDays(ZonedDateTime.toPlainDate(inLondon(from)), ZonedDateTime.toPlainDate(inLondon(to)))
}

/** Noon in England on a day such as `2026-11-24`, in UTC; `null` if there is no such day. */
export function noonInLondon(day: string): string | null {
  return momentInLondon(day, '12:00')
}

/**
 * The moment in UTC of a day and time in England; `null` if there is no such day or time. When the
 * clocks go back and a time comes twice, the earlier one. When they go forward and a time is
 * skipped, an hour later.
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

/** Whether a moment is the start of a day in England. */
export function beginsADay(at: string): boolean {
  return ZonedDateTime.equals(inLondon(at), ZonedDateTime.startOfDay(inLondon(at)))
}
