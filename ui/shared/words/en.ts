// Texts that both surfaces share. The core gives steps, reasons and outcomes stable names, and the
// words for them are in this folder.
import { telephones } from '../generated/limits'
import type {
  Attempt,
  AuditAction,
  Basis,
  Finding,
  Numbers,
  PhotoRefusal,
  PhotoState,
  Problem,
  Refused,
  Rule,
  SalvagedView,
  StatusView,
  Step
} from '../generated/types'
import { clauses } from '../generated/clauses'
import { consent, lawful, outcomes, steps, table } from './names'
import { beginsADay, between, dayInLondon, daysBetween, epochMs, minutesLater, noonInLondon } from './time'

export * from './names'

const rules = table<Rule>({
  'consent-first': 'Ask for consent to enter first',
  'arrival-first': 'First say who you are, say why you have come, and show your ID',
  'no-suitable-adult': 'There is no suitable adult, so do not go in',
  'authorisation-first': 'Say who authorised going in without consent',
  'reason-first': 'Say why',
  'note-first': 'Write what you saw and heard',
  'visit-ended': 'This visit has ended. A mistake in it can be corrected',
  'already-inside': 'You are inside already. Leave instead',
  'nothing-to-correct': 'There is nothing there that can be corrected',
  'agreement-first': 'Notice was short. First ask the tenant if they agree to the visit now',
  'start-first': 'Start the visit first',
  'started-already': 'This visit has started already',
  'sign-the-code-first': 'Read and sign the Code of conduct first',
  'not-inside': 'Nobody has gone in with consent, so there is none to take back',
  'other-ending': 'That fits a visit that ended in another way',
  'name-first': 'Give the name',
  'signature-first': 'There is no signature yet. Draw it',
  'too-long': 'That is too long. Nothing was saved: shorten it, then save again',
  'time-to-come': 'That time is later than now. Nothing was saved: correct the time, or leave it empty'
})

const problems: Record<string, string> = {
  'no-connection': 'No connection to the council. Everything is saved on this phone and goes when there is signal.',
  'slow-connection': 'The connection is too slow just now. Everything is saved on this phone and goes later.',
  'not-the-council':
    'Something answered that is not the council: perhaps a Wi-Fi that wants you to sign in. Everything is saved on this phone. Sign in to the Wi-Fi, or turn it off.',
  'council-busy': 'The council is busy. Everything is saved on this phone and goes shortly.',
  'code-not-valid': 'That code is wrong, used, replaced, or older than 10 minutes. Ask the council for a new one.',
  'bad-code': 'That is not a code. It has 34 letters and digits. Check it, or copy it again.',
  'another-council':
    'Whoever answered is not the council that gave you this code. Nothing was set up. Check the address, then try again.',
  'bad-address': 'That can’t be the council’s address. It starts with https://',
  crashed:
    'Doorstep made a mistake, so the last tap was not saved. Everything before it was. Tap again; if it happens again, tell support.',
  'too-long': 'That is too long. Nothing was saved: shorten it, then save again.',
  'device-full':
    'This phone is full, so the last tap was not saved. Everything before it was. Free some space, then tap again.',
  'store-full': 'This phone is full, so your visits can’t be opened. They are safe. Free some space, then try again.',
  'older-app':
    'A newer Doorstep wrote the visits on this phone, so nothing was started. Update Doorstep. An emergency can be started without an appointment.',
  'not-signed-by-hand': 'There is no signature yet. Draw it, or type your name.',
  'another-code': 'A new version of the Code came in meanwhile. Read that one, then sign it.',
  'no-home': 'Say where: the UPRN, or the address.',
  'not-a-picture': 'That is not a photo that can be read. No photo was added. Take it again with the camera.',
  'too-many-pixels':
    'That photo is too large to open safely: more than 50 million pixels. Take it again with the camera.',
  'photo-too-large': 'That file is too large: more than 20 MB. No photo was added. Take it again with the camera.',
  'nothing-opens-it': 'This device has no app for that. Use another telephone, or another map.',
  'no-number': 'That is not a number that can be dialled.',
  'signing-key-gone':
    'The key with which this phone signs is gone, so it can’t send. What was saved is still on it. Ask the council for a new code, then tap “I have a new code”.',
  'nothing-under-way': 'There is no visit under way on this phone, so nothing was saved.',
  'store-mended':
    'The file of visits was damaged and was set aside, so the last tap was not saved. What waited to be sent was brought back. Look at the visit, then tap again.',
  'no-safeguarding-key': `The note can’t be sealed on this phone, so it was not saved. Phone the council now: ${telephones.council}.`
}

/** Why the visitor may not go in yet, and what to do first. */
export function shutWords({ rule, clause, missing }: Refused): string {
  if (rule === 'arrival-first') {
    return `First: ${missing.map((step) => steps[step as Step]?.ask ?? step).join(', ')} (clause ${clause}).`
  }
  if (rule === 'agreement-first') return `First: ask if they agree to short notice, above (clause ${clause}).`
  return `${rules[rule]} (clause ${clause}).`
}

/** A problem in words: what happened, what is safe, what to do. */
export function problemWords(problem: Problem): string {
  if (problem.refused?.rule === 'too-long') return `${rules['too-long']}.`
  if (problem.refused) return `${rules[problem.refused.rule]} (clause ${problem.refused.clause}).`
  const known = problems[problem.code]
  if (known) return known
  return problem.message.charAt(0).toUpperCase() + problem.message.slice(1)
}

const london = 'Europe/London'
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: london })
const hour = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', minute: '2-digit', hour12: true, timeZone: london })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: london })
const wholeDay = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: london
})
const dayAndYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: london
})
const shortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: london })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: london })

/** The time in England, as in `10:02`. */
export function clock(at: string): string {
  return time.format(epochMs(at))
}

/** The day in England relative to `now`: `today`, `tomorrow` or `Tuesday 24 November`. */
export function dayWords(at: string, now: string): string {
  const days = daysBetween(now, at)
  if (days === 0) return 'today'
  if (days === 1) return 'tomorrow'
  if (days === -1) return 'yesterday'
  return day.format(epochMs(at))
}

/** `Tuesday 1 December 2026`, for a day on the calendar such as `2026-12-01`. */
export function date(calendarDay: string): string {
  const noon = noonInLondon(calendarDay)
  return noon ? wholeDay.format(epochMs(noon)).replace(',', '') : calendarDay
}

/** The day and time in England, as in `24 November 2026, 12:13`. */
export function moment(at: string): string {
  return `${dayAndYear.format(epochMs(at))}, ${clock(at)}`
}

/** The time in England, as in `2pm` or `2:30pm`. */
function hourWords(at: string): string {
  return hour.format(epochMs(at)).replace(':00', '').replace(' ', '').toLowerCase()
}

/** `2pm to 4pm`. */
export function windowWords(start: string, end: string): string {
  return `${hourWords(start)} to ${hourWords(end)}`
}

/** A window with its day: `today 2pm to 4pm`, `Thursday 26 November 9am to 11am`. */
export function windowDayWords(start: string, end: string, now: string): string {
  return `${dayWords(start, now)} ${windowWords(start, end)}`
}

/** `2 hours`, `3 days`: how long ago, in the largest whole unit. */
export function age(since: string, now: string): string {
  const minutes = Math.max(0, Math.floor(between(since, now) / 60_000))
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return plural(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return plural(hours, 'hour')
  return plural(Math.floor(hours / 24), 'day')
}

/** `6 hours`, `3 days`: a length of time, in the largest whole unit that says enough. */
export function minutesWords(minutes: number): string {
  if (minutes < 60) return plural(Math.max(0, minutes), 'minute')
  if (minutes < 72 * 60) return plural(Math.floor(minutes / 60), 'hour')
  return plural(Math.floor(minutes / 1440), 'day')
}

/** `Attempt 2 of 3, since 3 March`, and which attempts count. Empty if there were none. */
export function attemptWords(attempts: Attempt[], numbers: Numbers): string[] {
  const first = attempts[0]
  if (!first) return []
  const valid = attempts.filter((attempt) => attempt.counting === 'valid_refusal').length
  const court = attempts.filter((attempt) => attempt.in_court).map((attempt) => shortDay.format(epochMs(attempt.at)))
  const since = attempts.length > 1 ? `, since ${shortDay.format(epochMs(first.at))}` : ''
  const lines = [`Attempt ${attempts.length} of ${numbers.attempts_before_letter} without access${since}.`]
  if (valid > 0) lines.push(`${plural(valid, 'valid refusal')}: never counted against the tenant.`)
  lines.push(
    court.length > 0
      ? `After written notice in time, so that a court counts it: ${court.join(', ')}.`
      : 'None after written notice in time.'
  )
  return lines
}

/** The label of a step, with the age from which somebody counts as an adult filled in. */
export function stepLabel(step: Step, numbers: Numbers | undefined): string {
  return steps[step].label.replace('AGE', String(numbers?.adult_age ?? ''))
}

/** The words with a capital first letter. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** `1 record`, `2 records`. */
export function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** `840 kB`, `1.2 MB`. */
export function sizeWords(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

const photoRefusals = table<PhotoRefusal>({
  'another-file': 'it was altered on the way, or on the phone',
  'photo-too-large': 'it is too large',
  'too-many-pixels': 'it is too large',
  'carries-more': 'there is more in the file than a picture',
  erased: 'the council no longer keeps it',
  'not-a-picture': 'it is not a picture that can be read'
})

/** Why the council refused a photo, to follow "because" or a colon. */
export const photoRefusedWords = (reason: string): string => photoRefusals[reason as PhotoRefusal]

/** Where a photo is: on the phone, with the council, refused or erased. */
export function photoStateWords(state: PhotoState): string {
  switch (state.state) {
    case 'waiting':
      return 'Saved on this phone'
    case 'complete':
      return 'With the council'
    case 'refused':
      return `Not taken by the council: ${photoRefusedWords(state.reason)}. Take it again`
    case 'erased':
      return 'Gone: it was struck out before it was sent'
    default:
      return 'In a state that this version does not know'
  }
}

/** A deadline as seen from `now`: "by Friday 4 December 2026" or "2 hours late". */
export function deadlineWords(by: string, now: string): { words: string; late: boolean } {
  if (between(now, by) < 0) return { words: `${age(by, now)} late`, late: true }
  // A deadline at midnight is the end of the day before, so name that day.
  const day = date(dayInLondon(minutesLater(by, -1)))
  return { words: beginsADay(by) ? `by ${day}` : `by ${moment(by)}`, late: false }
}

export const actions = table<AuditAction>({
  account_change_agreed: 'Agreed to a change to an account',
  account_change_asked: 'Asked for a change to an account',
  account_change_refused: 'Refused a change to an account',
  organisation_kind_changed: 'Changed what an organisation is',
  role_changed: 'Changed somebody’s role or organisation',
  appointment_put: 'A housing system put an appointment',
  appointment_reassigned: 'Gave an appointment to somebody else',
  appointment_cancelled: 'Called an appointment off',
  person_left: 'Said that somebody left',
  person_returned: 'Said that somebody is back',
  sessions_ended: 'Ended somebody’s sessions',
  device_found_again: 'A phone was found again after a restore',
  device_revoked: 'Revoked a phone',
  api_token_revoked: 'Ended a token of another system',
  token_refused: 'A token was refused',
  api_token_made: 'Made a token for another system',
  backed_up: 'Made a backup',
  backup_verified: 'Noted that a backup can be restored',
  case_read: 'Opened a case',
  case_changed: 'Did something about a case',
  appointments_imported: 'Imported appointments',
  code_published: 'Published a version of the Code',
  council_made: 'Set the council up',
  council_put_back: 'The database was put back from an older copy',
  device_enrolled: 'Enrolled a phone',
  enrolment_offered: 'Gave out a code that enrols a phone',
  export_begun: 'Began to take a table away',
  evidence_made: 'Made an evidence pack',
  exported: 'Took a table away',
  feed_read: 'Refreshed from the feed of visits',
  passkey_made: 'Made a passkey of their own',
  passkey_removed: 'Removed a passkey of their own',
  password_set: 'Set a password',
  people_imported: 'Imported people',
  key_changed: 'Changed one of the council’s keys',
  log_begins: 'Erased the oldest lines of this log by rule',
  logs_closed: 'Noted where the logs end',
  nightly_failed: 'The nightly backup or check failed',
  number_entered: 'Entered a number',
  number_withdrawn: 'Took a number back',
  visit_decided: 'Decided about a visit',
  visit_read: 'Opened a visit',
  phone_forgot: 'A phone forgot visits that are in no checked backup',
  sealed_file_received: 'A phone sent a file of visits that it can’t open any more',
  sealed_file_taken: 'Took a sealed file of a phone to open it',
  sealed_file_erased: 'Erased a sealed file of a phone',
  photo_opened: 'Opened a photo',
  session_ended: 'Ended a session of their own',
  subject_access: 'Wrote out what is held of one person',
  erased_on_request: 'Erased what was held of one person',
  erased_by_rule: 'Erased what was kept for long enough',
  put_to_rest: 'Put something about a phone to rest',
  searched: 'Looked for somebody or a home',
  not_found: 'Asked for what is not there, or is not theirs to see',
  role_refused: 'Asked for what their role does not have',
  set_aside_decided: 'Decided about records that were set aside',
  set_aside_read: 'Looked at records that were set aside',
  sign_in_failed: 'A sign-in failed',
  signature_refused: 'A message was not signed by the phone that it named',
  second_factor_forgotten: 'Let somebody set up their authenticator anew',
  signed_in: 'Signed in',
  signed_out: 'Signed out'
})

/** Why a phone shows no tenants, what goes on, and what to do. */
export function standingWords(status: StatusView): string[] {
  const waits = status.unsent > 0 || status.photos_waiting > 0
  if (status.standing === 'revoked') {
    return [
      'The council has ended the use of this phone, so it shows no visits and begins none.',
      status.under_way ? 'Finish the visit that you are in. It is sent, and counts.' : '',
      waits
        ? 'What waits is still sent. Keep the phone where there is a signal until it says that all is sent.'
        : 'All is sent. Ten minutes after your last tap this phone clears itself. Ask the council if this is a mistake.'
    ].filter(Boolean)
  }
  if (status.standing === 'long_without_contact') {
    return [
      `This phone has not reached the council for ${plural(status.numbers.offline_hours, 'hour')}, so it shows no tenants.`,
      `Find a signal, then “Check for changes”. ${waits ? 'What you recorded is safe and is sent then.' : 'Nothing is lost.'}`,
      'An emergency can still be started without an appointment.'
    ]
  }
  return []
}

/** What a locked phone says: that what it holds is safe, and how much of it waits. */
export function lockedWords(status: StatusView): string {
  const photos = status.photos_waiting > 0 ? ` and ${plural(status.photos_waiting, 'photo')}` : ''
  const waits = status.unsent > 0 || photos !== ''
  return waits
    ? `${plural(status.unsent, 'record')}${photos} safe on this phone. They go by themselves when there is signal.`
    : 'Everything you recorded is safe.'
}

/** Words about what earlier users of this phone left; empty if that is nothing. */
export function othersWords(status: StatusView): string {
  return status.left_by_others > 0 ? `${status.left_by_others} of an earlier user waiting` : ''
}

/** What became of a damaged file of visits. */
export function salvagedWords({ at, records, kept }: SalvagedView): string[] {
  return [
    `The file of visits on this phone was damaged or gone, at ${moment(at)}. It is kept as it was found, for support: ${kept}.`,
    records > 0
      ? `${plural(records, 'record')} came back from the second copy on this phone. What was not sent yet goes to the council. Look at the visits of today: a tap of the last minutes may be missing.`
      : 'Nothing could be brought back from it. Whatever the council had received is safe there. Tell support, and look at the visits of today.'
  ]
}

/** The status bar's words about sending. `loud` after a day, or when a record was set aside. */
export function sendingWords(status: StatusView): { words: string; loud: boolean } {
  if (status.unsent === 0 || !status.oldest_unsent) {
    return status.set_aside > 0
      ? { words: `${status.set_aside} set aside`, loud: true }
      : {
          words:
            status.photos_waiting > 0
              ? `${plural(status.photos_waiting, 'photo')} to send`
              : othersWords(status) || 'All sent',
          loud: false
        }
  }
  const old = between(status.oldest_unsent, status.now) > 86_400_000
  if (old) return { words: `Not sent since ${weekday.format(epochMs(status.oldest_unsent))}`, loud: true }
  const fresh = between(status.oldest_unsent, status.now) < 60_000
  const oldest = fresh ? ', just now' : `, oldest ${age(status.oldest_unsent, status.now)}`
  return { words: `${status.unsent} waiting${oldest}`, loud: false }
}

/** The consent or lawful ground on which the visitor went in. */
export function basisWords(basis: Basis): string {
  if ('consented' in basis) return consent[basis.consented.by]
  if ('lawful' in basis) return `${lawful[basis.lawful.ground]}, authorised by ${basis.lawful.authorised_by}`
  return 'On a footing that this version does not know'
}

/** A finding in words, with the clause behind it. */
export function findingWords(finding: Finding): string {
  const because = (words: string, clause: string) => `${words} (clause ${clause})`
  switch (finding.finding) {
    case 'left_out_before_entry':
      return `Not done before going in: ${steps[finding.step].done}`
    case 'not_done':
      return `Not done: ${steps[finding.step].done}`
    case 'entered_without_suitable_adult':
      return 'Went in with no suitable adult'
    case 'short_notice_not_agreed':
      return because('Went in at short notice without asking', clauses.finding.short_notice_not_agreed)
    case 'not_told_who_and_why':
      return because('The tenant was not told who comes and why', clauses.finding.not_told_who_and_why)
    case 'no_follow_up':
      return because('Nothing was agreed about what comes next', clauses.finding.no_follow_up)
    case 'follow_up_not_explained':
      return because('The tenant was not told what comes next', clauses.finding.follow_up_not_explained)
    case 'tenant_not_told_of_cancellation':
      return because('The tenant was not told that the visit is off', clauses.finding.tenant_not_told_of_cancellation)
    case 'lone_worker_device_off':
      return because('Working alone with the lone-worker device off', clauses.finding.lone_worker_device_off)
    case 'contradictory_outcome':
      return `Another record says: ${outcomes[finding.also].toLowerCase()}`
    default:
      return 'A finding that this version does not know'
  }
}

/** A browser's name from its user agent, such as `Firefox on Windows`. */
export function browserName(said: string): string {
  const browsers: [RegExp, string][] = [
    [/Edg\//, 'Edge'],
    [/Firefox\//, 'Firefox'],
    [/Chrom(e|ium)\//, 'Chrome'],
    [/Safari\//, 'Safari']
  ]
  const systems: [RegExp, string][] = [
    [/Android/, 'Android'],
    [/iPhone|iPad/, 'iOS'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'],
    [/Linux|X11/, 'Linux']
  ]
  const name = (of: [RegExp, string][]) => of.find(([pattern]) => pattern.test(said))?.[1]
  const browser = name(browsers) ?? 'A browser'
  const system = name(systems)
  return system ? `${browser} on ${system}` : browser
}

/** Why signing in with the council's own account failed, by the code in the address. */
export const notSignedIn: Record<string, string> = {
  'not-known':
    'Your account was accepted, but Doorstep does not know it. Ask an administrator to enter your e-mail address with your name.',
  'asked-too-little':
    'Your account let you in with less than this council asks for. Set up a second factor for your account, such as a passkey or an authenticator, and sign in again. Or use your password for Doorstep.',
  'asked-too-long-ago':
    'You signed in to your account more than 12 hours ago, and were not asked again. Sign out of it, and sign in once more. Or use your password for Doorstep.',
  'broken-off': 'Signing in was broken off, or took longer than ten minutes. Try again.',
  'no-provider': 'Signing in with your account does not work just now. Use your password, or try again later.'
}
