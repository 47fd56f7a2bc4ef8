// Days and times as people in England see them. What comes in and goes out is a moment in UTC, as in
// `2026-11-24T10:02:00Z`. Calendars are reckoned by Temporal, and never by the words for a date.
import { Temporal } from 'temporal-polyfill'

const LONDON = 'Europe/London'

/** This moment, in UTC. */
export function now(): string {
  return Temporal.Now.instant().toString()
}

/** Milliseconds since 1970, for a formatter of words. */
export function epochMs(at: string): number {
  return Temporal.Instant.from(at).epochMilliseconds
}

/** From one moment to another, in milliseconds. */
export function between(from: string, to: string): number {
  return epochMs(to) - epochMs(from)
}

/** A moment so many minutes later. */
export function minutesLater(at: string, minutes: number): string {
  return Temporal.Instant.from(at).add({ minutes }).toString()
}

function inLondon(at: string): Temporal.ZonedDateTime {
  return Temporal.Instant.from(at).toZonedDateTimeISO(LONDON)
}

/** The day on the calendar in England, as in `2026-11-24`. */
export function dayInLondon(at: string): string {
  return inLondon(at).toPlainDate().toString()
}

/** Today in England, as in `2026-11-24`. */
export function todayInLondon(): string {
  return Temporal.Now.plainDateISO(LONDON).toString()
}

/** How many days on the calendar in England lie between two moments. */
export function daysBetween(from: string, to: string): number {
  return inLondon(from).toPlainDate().until(inLondon(to).toPlainDate()).days
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
    const moment = Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: LONDON, plainTime: time })
    return moment.toInstant().toString()
  } catch {
    return null
  }
}

/** Whether a moment is the beginning of a day in England. */
export function beginsADay(at: string): boolean {
  return inLondon(at).equals(inLondon(at).startOfDay())
}
