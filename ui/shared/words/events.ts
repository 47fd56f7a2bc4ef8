// What happened, as a person would tell it: one line a fact, with the clause behind it.
import type { Event, VisitView } from '../generated/types'
import { basisWords, clock, minutesWords } from './en'
import {
  cancelReasons,
  cancelledBy,
  concerns,
  hazards,
  likelyReasons,
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

/** A fact as a person would tell it, and the clause behind it. */
export function told(event: Event): Told {
  if (event === 'no_answer') return { words: 'Nobody answered the door', clause: '3.1' }
  if (event === 'safe_said') return { words: 'Said: I am safe', clause: '6.1' }
  if (event === 'left_now') return { words: 'Left at once', clause: '7' }
  if ('started' in event) return { words: 'Visit started' }
  if ('opened' in event) return { words: 'Opened before setting out' }
  if ('told_who_and_why' in event) {
    const how = means[event.told_who_and_why.means].toLowerCase()
    return { words: `Told the tenant who comes and why, ${how}`, clause: '3.1' }
  }
  if ('notice_agreed' in event) {
    return { words: `${persons[event.notice_agreed.by]} agreed to short notice`, clause: '3.1' }
  }
  if ('knows_tenant' in event) {
    const { line_manager, council_contact, hand_over } = event.knows_tenant
    const over = hand_over ? '. Asks somebody else to take the visit' : ''
    return { words: `Knows the tenant. Told ${line_manager} and ${council_contact}${over}`, clause: '5.3' }
  }
  if ('lone_working' in event) {
    const { device_on, expected_end } = event.lone_working
    const device = device_on ? 'device on' : 'device off'
    return { words: `Working alone, ${device}, out by ${clock(expected_end)}`, clause: '6.1' }
  }
  if ('step_recorded' in event) {
    const { step, state } = event.step_recorded
    const { done, clause } = steps[step]
    if (state.state === 'done') return { words: done, clause }
    const why = state.reason ? ` (${likelyReasons[state.reason] ?? state.reason})` : ''
    return { words: `${state.state === 'not_done' ? 'Not done' : 'Does not apply'}: ${done}${why}`, clause }
  }
  if ('entered' in event) {
    const admitted = event.entered.admitted ? `. Left out, by their own word: ${event.entered.admitted.words}` : ''
    return { words: `Went in. ${basisWords(event.entered.basis)}${admitted}`, clause: '3.1' }
  }
  if ('consent_withdrawn' in event) {
    const { by, words } = event.consent_withdrawn
    return { words: `${persons[by]} took back their consent${quoted(words)}`, clause: '3.1' }
  }
  if ('entry_refused' in event) {
    const { reason, words } = event.entry_refused
    return { words: `Entry refused: ${refusalReasons[reason]}${quoted(words)}`, clause: '3.1' }
  }
  if ('refusal_words_added' in event) return { words: `The tenant’s words: “${event.refusal_words_added.words}”` }
  if ('next_visit_needs' in event) {
    return { words: `For the next visit: ${event.next_visit_needs.needs}`, clause: '3.1' }
  }
  if ('card_left' in event) return { words: event.card_left.left ? 'Card left' : 'No card left' }
  if ('welfare_answered' in event) {
    const { worried, words } = event.welfare_answered
    return { words: `${worried ? 'Something seems wrong' : 'Nothing seems wrong'}${quoted(words)}`, clause: '6.2' }
  }
  if ('concern_raised' in event) {
    const { about, words } = event.concern_raised
    if (about === 'breach') return { words: `${concerns.breach.label}${quoted(words)}`, clause: '8.2' }
    if (about === 'conflict') return { words: `${concerns.conflict.label}${quoted(words)}`, clause: '5.3' }
    if ('gift' in about) return { words: `${concerns.gift.label}${quoted(words)}`, clause: '5.3' }
    if ('complaint' in about) return { words: `${concerns.complaint.label}${quoted(words)}`, clause: '8.1' }
    if ('aggression' in about) return { words: `${concerns.aggression.label}${quoted(words)}`, clause: '7' }
    return { words: `Not safe: ${hazards[about.unsafe_condition.hazard]}${quoted(words)}`, clause: '6.1' }
  }
  if ('follow_up_agreed' in event) {
    const { what, who, when } = event.follow_up_agreed
    return { words: `Next: ${what}, ${who}${when ? `, ${when}` : ''}`, clause: '4.1' }
  }
  if ('tenant_signed' in event) {
    const how = 'typed' in event.tenant_signed.signed ? 'by typing their name' : 'by hand'
    return { words: `${event.tenant_signed.name} signed ${how}` }
  }
  if ('photo_taken' in event) return { words: photos[event.photo_taken.purpose].label, clause: '5.2' }
  if ('left' in event) {
    return { words: event.left === 'completed' ? 'Left: completed' : 'Left: further visit needed' }
  }
  if ('withdrawal_explained' in event) {
    const { reason, words } = event.withdrawal_explained
    return { words: `Left because: ${withdrawalReasons[reason]}${quoted(words)}`, clause: '7' }
  }
  if ('cancelled' in event) {
    const { by, reason, words } = event.cancelled
    return { words: `${cancelledBy[by]}: ${cancelReasons[reason]}${quoted(words)}`, clause: '3.2' }
  }
  if ('told_of_cancellation' in event) {
    const { means: how, apologised, new_time } = event.told_of_cancellation
    const sorry = apologised ? ', with an apology' : ''
    const other = new_time ? `, and offered ${new_time}` : ''
    return { words: `Told the tenant ${means[how].toLowerCase()}${sorry}${other}`, clause: '3.2' }
  }
  if ('struck_out' in event) return { words: `Correction: ${event.struck_out.reason}` }
  return { words: 'A record that this version does not know' }
}

/** The notice that a tenant had, in words, and whether it needs looking at. */
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
  }
}
