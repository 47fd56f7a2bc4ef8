// Words for what was set aside, and for what phones say about homes and times.
import type { HomeStanding, Line, Matter, SetAsideReason, VisitDecision } from '../generated/types'
import { moment, plural } from './en'
import { tableOf } from './names'

const unreadable = (why: string) => ({
  desk: `could not be read (${why})`,
  visitor: `The council could not read it (${why}). It is kept on both sides. Call support.`
})

/** Why a record was set aside, for the console and for the visitor. */
const setAside = tableOf<SetAsideReason, { desk: string; visitor: string }>(
  {
    fork: {
      desk: 'two histories of one phone: it was copied or restored. It has sent them again under new numbers',
      visitor: 'This phone was restored from a copy. It was sent again under a new number.'
    },
    'altered-body': {
      desk: 'what was sent is not what was recorded',
      visitor: 'What was sent is not what was recorded. It is kept on both sides. Call support.'
    },
    'other-person': {
      desk: 'said in the name of somebody whose phone it is not',
      visitor:
        'It is in the name of somebody who was not enrolled on this phone. It is kept on both sides. Call support.'
    },
    'unknown-person': {
      desk: 'said in the name of somebody whom the council does not know',
      visitor: 'The council does not know the person in whose name it is. It is kept on both sides. Call support.'
    },
    'too-large': { desk: 'too long to take', visitor: 'It is too long for the council to take.' },
    'no-visit-key': {
      desk: 'sent without the key of its visit, so it could not be checked',
      visitor: 'It came without its key, so the council could not check it. It is kept on both sides. Call support.'
    },
    'record-id-clash': {
      desk: 'sent under the id of another record',
      visitor: 'Another record has its id. It is kept on both sides. Call support.'
    },
    'revoked-phone': {
      desk: 'sent by a phone that was lost, or whose person has left',
      visitor: 'This phone is no longer in use. It is kept by the council.'
    },
    'broken-link': {
      desk: 'sent as the first record of a phone, which it is not',
      visitor: 'It does not follow the record before it. It is kept on both sides. Call support.'
    },
    unreadable: unreadable('unreadable'),
    'body-unreadable': unreadable('body-unreadable'),
    misplaced: unreadable('misplaced')
  },
  unreadable
)

/** Why a phone's records were set aside, in words for the console. */
export const asideAtDeskWords = (reason: string): string => setAside[reason as SetAsideReason].desk

/** Why the council set a record aside, in words for the visitor. */
export const asideWords = (reason: string): string => setAside[reason as SetAsideReason].visitor

/** What there is about a whole phone that somebody at the desk has to look at. */
export const matters: Record<Exclude<Matter, 'not_received'>, (count: number) => string> = {
  two_phones: () =>
    'Two phones use one enrolment, or one was put back from a copy. What both sent is kept. If the phone was copied, revoke it and enrol it again.',
  not_sealed: (count) =>
    `${plural(count, 'record')} without a seal for more than a day: the phone has not signed for ${count === 1 ? 'it' : 'them'} as it should.`,
  found_again: () =>
    'The council was put back from an older copy, and found this phone again by its own signature. Put this to rest if it is still in use; if it was lost since, revoke it under Devices.',
  many_at_once: (count) =>
    `More than anybody does in a day, in ${plural(count, 'visit')}. What it sent was taken and is listed. Some of it may have no case: see the list of concerns.`
}

/** How the council knows that a visit was at its home. */
export const homes: Record<HomeStanding, string> = {
  given: 'The council gave the appointment there',
  said: 'Only the phone says that it was here',
  confirmed: 'A supervisor has confirmed that it was here',
  not_there: 'A supervisor has found that it was not here'
}

/** What a supervisor decided about a visit. */
export const visitDecisions: Record<VisitDecision, string> = {
  confirmed: 'Confirmed that it was at this home',
  not_there: 'Found that it was not at this home',
  accepted: 'Accepted its times',
  linked: 'Linked it to the appointment that it names'
}

/** When what a visit's lines say can have been, where their times are in doubt. */
export function doubtWords(lines: Line[]): string {
  const spans = lines.flatMap((line) => (line.doubt ? [line.doubt] : []))
  const from = spans.map((span) => span.from).sort()[0]
  const to = spans
    .map((span) => span.to)
    .sort()
    .at(-1)
  if (!from || !to) return ''
  const [first, last] = [moment(from), moment(to)]
  return first === last ? `It was about ${first}.` : `It was between ${first} and ${last}.`
}
