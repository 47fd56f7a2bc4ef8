// Words for the facts of a visit: one line for each fact, with the clause behind it.
import type { About, ConcernKind, Event, VisitView } from '../generated/types'
import { clauses } from '../generated/clauses'
import { basisWords, clock, minutesWords } from './en'
import {
  cancelReasons,
  cancelledBy,
  concerns,
  hazards,
  reasonWords,
  means,
  persons,
  photos,
  refusalReasons,
  steps,
  withdrawalReasons
} from './names'

export interface Told {
  words: string
  clause?: string
}

const quoted = (words: string | null | undefined) => (words ? `. “${words}”` : '')

/** A fact in words, and the clause behind it if there is one. */
export function told(event: Event): Told {
  const clause = clauseBehind(event)
  return { words: factWords(event), ...(clause ? { clause } : {}) }
}

function clauseBehind(event: Event): string | undefined {
  if (typeof event !== 'string' && 'step_recorded' in event) {
    return (clauses.step as Record<string, string>)[event.step_recorded.step]
  }
  if (typeof event !== 'string' && 'concern_raised' in event) {
    return (clauses.concern as Record<string, string>)[kindOf(event.concern_raised.about)]
  }
  return (clauses.fact as Record<string, string>)[kindOf(event)]
}

/** The stable name of the kind of a fact or a concern. */
function kindOf(of: Event | About): string {
  return typeof of === 'string' ? of : (Object.keys(of)[0] ?? '')
}

const NOT_KNOWN = 'A record that this version does not know'

/** A fact in words. */
function factWords(event: Event): string {
  if (event === 'no_answer') return 'Nobody answered the door'
  if (event === 'safe_said') return 'Said: I am safe'
  if (event === 'left_now') return 'Left at once'
  if (typeof event === 'string') return NOT_KNOWN
  if ('started' in event) return 'Visit started'
  if ('opened' in event) return 'Opened before setting out'
  if ('told_who_and_why' in event) {
    const how = means[event.told_who_and_why.means].toLowerCase()
    return `Told the tenant who comes and why, ${how}`
  }
  if ('notice_agreed' in event) {
    return `${persons[event.notice_agreed.by]} agreed to short notice`
  }
  if ('knows_tenant' in event) {
    const { line_manager, council_contact, hand_over } = event.knows_tenant
    const over = hand_over ? '. Asks somebody else to take the visit' : ''
    return `Knows the tenant. Told ${line_manager} and ${council_contact}${over}`
  }
  if ('lone_working' in event) {
    const { device_on, expected_end } = event.lone_working
    const device = device_on ? 'device on' : 'device off'
    return `Working alone, ${device}, out by ${clock(expected_end)}`
  }
  if ('step_recorded' in event) {
    const { step, state } = event.step_recorded
    const { done } = steps[step]
    if (state.state === 'done') return done
    const why = state.reason ? ` (${reasonWords(state.reason)})` : ''
    return `${state.state === 'not_done' ? 'Not done' : 'Does not apply'}: ${done}${why}`
  }
  if ('entered' in event) {
    const admitted = event.entered.admitted ? `. Left out, by their own word: ${event.entered.admitted.words}` : ''
    return `Went in. ${basisWords(event.entered.basis)}${admitted}`
  }
  if ('consent_withdrawn' in event) {
    const { by, words } = event.consent_withdrawn
    return `${persons[by]} took back their consent${quoted(words)}`
  }
  if ('entry_refused' in event) {
    const { reason, words } = event.entry_refused
    return `Entry refused: ${refusalReasons[reason]}${quoted(words)}`
  }
  if ('refusal_words_added' in event) return `The tenant’s words: “${event.refusal_words_added.words}”`
  if ('next_visit_needs' in event) {
    return `For the next visit: ${event.next_visit_needs.needs}`
  }
  if ('card_left' in event) return event.card_left.left ? 'Card left' : 'No card left'
  if ('welfare_answered' in event) {
    const { worried, words } = event.welfare_answered
    return `${worried ? 'Something seems wrong' : 'Nothing seems wrong'}${quoted(words)}`
  }
  if ('concern_raised' in event) {
    const { about, words } = event.concern_raised
    const what =
      typeof about !== 'string' && 'unsafe_condition' in about
        ? `Not safe: ${hazards[about.unsafe_condition.hazard]}`
        : concerns[kindOf(about) as ConcernKind].label
    return `${what}${quoted(words)}`
  }
  if ('follow_up_agreed' in event) {
    const { what, who, when } = event.follow_up_agreed
    return `Next: ${what}, ${who}${when ? `, ${when}` : ''}`
  }
  if ('tenant_signed' in event) {
    const how = 'typed' in event.tenant_signed.signed ? 'by typing their name' : 'by hand'
    return `${event.tenant_signed.name} signed ${how}`
  }
  if ('photo_taken' in event) return photos[event.photo_taken.purpose].label
  if ('left' in event) {
    return event.left === 'completed' ? 'Left: completed' : 'Left: further visit needed'
  }
  if ('withdrawal_explained' in event) {
    const { reason, words } = event.withdrawal_explained
    return `Left because: ${withdrawalReasons[reason]}${quoted(words)}`
  }
  if ('cancelled' in event) {
    const { by, reason, words } = event.cancelled
    return `${cancelledBy[by]}: ${cancelReasons[reason]}${quoted(words)}`
  }
  if ('told_of_cancellation' in event) {
    const { means: how, apologised, new_time } = event.told_of_cancellation
    const sorry = apologised ? ', with an apology' : ''
    const other = new_time ? `, and offered ${new_time}` : ''
    return `Told the tenant ${means[how].toLowerCase()}${sorry}${other}`
  }
  if ('struck_out' in event) return `Correction: ${event.struck_out.reason}`
  return NOT_KNOWN
}

/** The notice that a tenant had, in words. `loud` is true if there is something to check. */
export function noticeWords(notice: NonNullable<VisitView['notice']>): { words: string; loud: boolean } {
  const given = notice.minutes === null ? '' : ` ${minutesWords(notice.minutes)}`
  const how = notice.method ? `, ${means[notice.method].toLowerCase()}` : ''
  switch (notice.standing) {
    case 'good':
      return { words: `Good notice:${given}${how}`, loud: false }
    case 'meets_minimum':
      return { words: `Enough notice:${given}${how}`, loud: false }
    case 'short':
      return { words: `Short notice:${given}${how}`, loud: true }
    case 'not_given':
      return { words: 'No notice on record', loud: true }
    case 'exempt_emergency':
      return { words: 'No notice needed: an emergency', loud: false }
    case 'exempt_investigation':
      return { words: 'No notice needed: a tenancy investigation', loud: false }
    default:
      return { words: 'Notice of a kind that this version does not know', loud: true }
  }
}
