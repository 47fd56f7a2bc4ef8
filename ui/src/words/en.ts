// Every word on a screen. Names of steps, reasons and outcomes come from the core; what they are called is here.
import type {
  Basis,
  Finding,
  LawfulGround,
  Outcome,
  Problem,
  RefusalReason,
  Rule,
  StatusView,
  Step,
  VisitKind
} from '../generated/types'

export const steps: Record<Step, { label: string; done: string; ask: string }> = {
  id_worn: { label: 'ID badge worn where it can be seen', done: 'ID badge worn', ask: 'wear your ID badge' },
  introduced: { label: 'Said who I am', done: 'Introduced', ask: 'say who you are' },
  reason_stated: { label: 'Said why I have come', done: 'Reason stated', ask: 'say why you have come' },
  id_shown: { label: 'Showed my ID', done: 'ID shown', ask: 'show your ID' },
  adult_present: { label: 'An adult is there (18 or over)', done: 'Adult present', ask: 'speak to an adult' },
  shoe_covers: { label: 'Shoe covers on', done: 'Shoe covers on', ask: 'put shoe covers on' }
}

export const likelyReasons: Record<string, string> = {
  forgot_card: 'Forgot my card',
  card_lost: 'Card is lost',
  tenant_did_not_ask: 'Tenant did not ask',
  nobody_to_speak_to: 'Nobody to speak to',
  tenant_knew_already: 'Tenant knew already',
  interrupted: 'Interrupted',
  only_a_child: 'Only a child is there',
  nobody_home: 'Nobody is home',
  not_sure_of_age: 'Not sure of their age',
  tenant_said_no_need: 'Tenant said no need',
  not_safe_on_ladder: 'Not safe on a ladder',
  none_left: 'None left'
}

export const refusalReasons: Record<RefusalReason, string> = {
  support_needs: 'They need a trusted adult with them',
  no_suitable_adult: 'No suitable adult is there',
  no_identification: 'No identification',
  other: 'Another reason'
}

export const consent = {
  tenant: 'The tenant said yes',
  household_adult: 'Another adult of the household said yes',
  trusted_adult: 'A trusted adult said yes'
} as const

export const lawful: Record<LawfulGround, string> = {
  emergency_repair: 'Emergency repair',
  warrant: 'Warrant',
  court_order: 'Court order',
  other: 'Another law'
}

export const outcomes: Record<Outcome | 'open', string> = {
  open: 'Under way',
  completed: 'Completed',
  further_visit_needed: 'Further visit needed',
  entry_refused: 'Entry refused',
  no_answer: 'No answer',
  no_suitable_adult: 'No suitable adult'
}

export const visitKinds: Record<VisitKind, string> = {
  responsive_repair: 'Repair',
  planned_work: 'Planned work',
  emergency_repair: 'Emergency repair',
  safety_check: 'Safety check',
  tenancy_investigation: 'Tenancy investigation',
  inspection: 'Inspection',
  other: 'Visit'
}

const rules: Record<Rule, string> = {
  'consent-first': 'Ask for consent to enter first',
  'arrival-first': 'First say who you are, say why you have come, and show your ID',
  'no-suitable-adult': 'There is no suitable adult, so do not go in',
  'authorisation-first': 'Say who authorised going in without consent',
  'reason-first': 'Say why',
  'note-first': 'Write what you saw and heard',
  'visit-ended': 'This visit has ended. A mistake in it can be corrected',
  'already-inside': 'You are inside already. Leave instead',
  'nothing-to-correct': 'There is nothing there that can be corrected'
}

const problems: Record<string, string> = {
  'no-connection': 'No connection to the council. Everything is saved on this phone and goes when there is signal.',
  'slow-connection': 'The connection is too slow just now. Everything is saved on this phone and goes later.',
  'not-the-council':
    'Something answered that is not the council: perhaps a Wi-Fi that wants you to sign in. Everything is saved on this phone. Sign in to the Wi-Fi, or turn it off.',
  'council-busy': 'The council is busy. Everything is saved on this phone and goes shortly.',
  'code-not-valid': 'That code is wrong, was used before, or is older than 10 minutes. Ask the council for a new one.',
  'bad-code': 'That is not a code. It has 34 letters and digits. Check it, or copy it again.',
  'another-council':
    'Whoever answered is not the council that gave you this code. Nothing was set up. Check the address, then try again.',
  'bad-address': 'That can’t be the council’s address. It starts with https://',
  'device-full':
    'This phone is full, so the last tap was not saved. Everything before it was. Free some space, then tap again.',
  'no-safeguarding-key':
    'The note can’t be sealed on this phone, so it was not saved. Phone the council now: 01664 502 502.'
}

/** A problem in words: what happened, what is safe, what to do. */
export function problemWords(problem: Problem): string {
  if (problem.refused) return `${rules[problem.refused.rule]} (clause ${problem.refused.clause}).`
  const known = problems[problem.code]
  if (known) return known
  return problem.message.charAt(0).toUpperCase() + problem.message.slice(1)
}

const london = 'Europe/London'
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: london })
const hour = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', minute: '2-digit', hour12: true, timeZone: london })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: london })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: london })
const date = new Intl.DateTimeFormat('en-CA', { timeZone: london })

/** `10:02` on the wall in England. */
export function clock(at: string): string {
  return time.format(new Date(at))
}

/** `today`, `tomorrow` or `Tuesday 24 November`, as seen from another moment. */
export function dayWords(at: string, now: string): string {
  const days = Math.round((Date.parse(date.format(new Date(at))) - Date.parse(date.format(new Date(now)))) / 86_400_000)
  if (days === 0) return 'today'
  if (days === 1) return 'tomorrow'
  if (days === -1) return 'yesterday'
  return day.format(new Date(at))
}

/** `2pm`, `2:30pm`. */
function hourWords(at: string): string {
  return hour.format(new Date(at)).replace(':00', '').replace(' ', '').toLowerCase()
}

/** `2pm to 4pm`. */
export function windowWords(start: string, end: string): string {
  return `${hourWords(start)} to ${hourWords(end)}`
}

/** `2 hours`, `3 days`: how long ago, in the largest whole unit. */
export function age(since: string, now: string): string {
  const minutes = Math.max(0, Math.floor((Date.parse(now) - Date.parse(since)) / 60_000))
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return plural(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return plural(hours, 'hour')
  return plural(Math.floor(hours / 24), 'day')
}

/** `1 record`, `2 records`. */
export function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** What the bar says of sending, and whether it says it loudly: after a day. */
export function sendingWords(status: StatusView): { words: string; loud: boolean } {
  if (status.unsent === 0 || !status.oldest_unsent) {
    return status.set_aside > 0
      ? { words: `${status.set_aside} set aside`, loud: true }
      : { words: 'All sent', loud: false }
  }
  const old = Date.parse(status.now) - Date.parse(status.oldest_unsent) > 86_400_000
  if (old) return { words: `Not sent since ${weekday.format(new Date(status.oldest_unsent))}`, loud: true }
  const fresh = Date.parse(status.now) - Date.parse(status.oldest_unsent) < 60_000
  const oldest = fresh ? ', just now' : `, oldest ${age(status.oldest_unsent, status.now)}`
  return { words: `${status.unsent} waiting${oldest}`, loud: false }
}

/** On what footing they went in. */
export function basisWords(basis: Basis): string {
  if ('consented' in basis) return consent[basis.consented.by]
  return `${lawful[basis.lawful.ground]}, authorised by ${basis.lawful.authorised_by}`
}

/** A finding in words. */
export function findingWords(finding: Finding): string {
  switch (finding.finding) {
    case 'left_out_before_entry':
      return `Not done before going in: ${steps[finding.step].done}`
    case 'not_done':
      return `Not done: ${steps[finding.step].done}`
    case 'entered_without_suitable_adult':
      return 'Went in with no suitable adult'
    case 'contradictory_outcome':
      return `Another record says: ${outcomes[finding.also].toLowerCase()}`
  }
}

/** Why a phone's records were set aside, for a desk. */
export function asideAtDeskWords(reason: string): string {
  switch (reason) {
    case 'fork':
      return 'two histories of one phone: it was copied or restored. It has sent them again under new numbers'
    case 'altered-body':
      return 'what was sent is not what was recorded'
    case 'too-large':
      return 'too long to take'
    default:
      return `could not be read (${reason})`
  }
}

/** Why the council set a record aside. */
export function asideWords(reason: string): string {
  switch (reason) {
    case 'fork':
      return 'This phone was restored from a copy. It was sent again under a new number.'
    case 'too-large':
      return 'It is too long for the council to take.'
    default:
      return `The council could not read it (${reason}). It is kept on both sides. Call support.`
  }
}
