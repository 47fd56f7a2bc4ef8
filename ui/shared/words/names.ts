// The words on screens for steps, reasons, outcomes and so on. Their names come from Rust types, so
// a list here that lacks one or has one too many does not compile.
import type {
  CancelReason,
  CancelledBy,
  CaseKind,
  CaseOutcome,
  CaseStep,
  ConcernKind,
  ConsentBy,
  Hazard,
  LawfulGround,
  LikelyReason,
  NoticeMethod,
  NoticeStanding,
  Outcome,
  Owed,
  PhotoPurpose,
  RefusalReason,
  Role,
  Severity,
  Step,
  VisitKind,
  WithdrawalReason
} from '../generated/types'
import { clauses } from '../generated/clauses'

/** The words for a stable name. A name from a newer version, unknown here, is shown as it is. */
export function named<T>(words: Record<string, T>, name: string | null | undefined): T | string {
  return (name && words[name]) || (name ?? '').replaceAll('_', ' ')
}

/**
 * Words by stable name. For a name from a newer version, which is unknown here, `unknown` makes the
 * words from the name.
 */
export function tableOf<Name extends string, Words>(
  words: Record<Name, Words>,
  unknown: (plain: string) => Words
): Record<Name, Words> {
  return new Proxy(words, {
    get: (known, name) =>
      typeof name === 'string' && !(name in known) ? unknown(name.replaceAll('_', ' ')) : Reflect.get(known, name)
  })
}

/** As `tableOf`, for plain words. An unknown name is shown as it is. */
export function table<Name extends string>(words: Record<Name, string>): Record<Name, string> {
  return tableOf(words, (plain) => plain)
}

export const steps = tableOf<Step, { label: string; done: string; ask: string }>(
  {
    id_worn: {
      label: 'ID badge worn where it can be seen',
      done: 'ID badge worn',
      ask: 'wear your ID badge'
    },
    introduced: { label: 'Said who I am', done: 'Introduced', ask: 'say who you are' },
    reason_stated: {
      label: 'Said why I have come',
      done: 'Reason stated',
      ask: 'say why you have come'
    },
    id_shown: { label: 'Showed my ID', done: 'ID shown', ask: 'show your ID' },
    adult_present: {
      label: 'An adult is there (AGE or over)',
      done: 'Adult present',
      ask: 'speak to an adult'
    },
    shoe_covers: { label: 'Shoe covers on', done: 'Shoe covers on', ask: 'put shoe covers on' },
    dust_sheets: { label: 'Dust sheets down', done: 'Dust sheets down', ask: 'put dust sheets down' },
    belongings_with_permission: {
      label: 'Moved belongings only with permission',
      done: 'Belongings moved with permission alone',
      ask: 'ask before moving belongings'
    },
    area_tidy: { label: 'Cleaned up where I worked', done: 'Area left tidy', ask: 'clean up' },
    rubbish_removed: {
      label: 'Took the rubbish away',
      done: 'Rubbish removed',
      ask: 'take the rubbish away'
    },
    left_as_found: {
      label: 'Left the home as I found it, or better',
      done: 'Left as found, or better',
      ask: 'leave the home as you found it'
    },
    kept_to_conduct: {
      label: 'No smoke, loud music, remarks or arguments',
      done: `Kept to clause ${clauses.step.kept_to_conduct}`,
      ask: `keep to clause ${clauses.step.kept_to_conduct}`
    }
  },
  (plain) => ({ label: plain, done: plain, ask: plain })
)

const likelyReasons = table<LikelyReason>({
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
  none_left: 'None left',
  tenant_was_not_there: 'Tenant was not there to ask',
  in_the_way_of_danger: 'They were in the way of something dangerous',
  work_goes_on: 'The work goes on',
  something_was_damaged: 'Something was damaged',
  left_by_agreement: 'Left there, as agreed',
  there_was_an_argument: 'There was an argument',
  there_was_a_misunderstanding: 'There was a misunderstanding'
})

/** Why a step was not done: one of the likely reasons, or what the visitor wrote, as it is. */
export function reasonWords(reason: string): string {
  return reason in likelyReasons ? likelyReasons[reason as LikelyReason] : reason
}

export const photos = tableOf<PhotoPurpose, { ask: string; label: string }>(
  {
    door: { ask: 'Photo of the door', label: 'Photo of the door' },
    before: { ask: 'Photo before', label: 'Photo before the work' },
    after: { ask: 'Photo after', label: 'Photo after the work' },
    damage: { ask: 'Photo of damage', label: 'Photo of damage' },
    unsafe_condition: { ask: 'Photo of what is not safe', label: 'Photo of what is not safe' }
  },
  (plain) => ({ ask: plain, label: plain })
)

export const refusalReasons = table<RefusalReason>({
  support_needs: 'They need a trusted adult with them',
  no_suitable_adult: 'No suitable adult is there',
  no_identification: 'No identification',
  short_notice: 'Too little notice',
  not_convenient: 'It does not suit them',
  illness: 'Somebody is ill',
  faith_or_time: 'Prayer, or another time they keep',
  animal: 'An animal',
  dispute: 'A dispute',
  other: 'Another reason'
})

export const consent = table<ConsentBy>({
  tenant: 'The tenant said yes',
  household_adult: 'Another adult of the household said yes',
  trusted_adult: 'A trusted adult said yes'
})

export const persons = table<ConsentBy>({
  tenant: 'The tenant',
  household_adult: 'Another adult of the household',
  trusted_adult: 'A trusted adult'
})

export const lawful = table<LawfulGround>({
  emergency_repair: 'Emergency repair',
  warrant: 'Warrant',
  court_order: 'Court order',
  other: 'Another law'
})

export const means = table<NoticeMethod>({
  phone: 'By phone',
  text: 'By text',
  in_person: 'In person',
  email: 'By e-mail',
  letter: 'By letter'
})

export const outcomes = table<Outcome | 'open'>({
  open: 'Under way',
  completed: 'Completed',
  further_visit_needed: 'Further visit needed',
  entry_refused: 'Entry refused',
  no_answer: 'No answer',
  no_suitable_adult: 'No suitable adult',
  withdrawn: 'Left at once',
  cancelled: 'Called off'
})

export const visitKinds = table<VisitKind>({
  responsive_repair: 'Repair',
  planned_work: 'Planned work',
  emergency_repair: 'Emergency repair',
  safety_check: 'Safety check',
  tenancy_investigation: 'Tenancy investigation',
  inspection: 'Inspection',
  other: 'Visit'
})

export const cancelledBy = table<CancelledBy>({
  visitor: 'I can’t make it',
  council: 'The council called it off',
  tenant: 'The tenant called it off'
})

export const cancelReasons = table<CancelReason>({
  running_late: 'The job before took longer',
  tenant_asked: 'The tenant wants another time',
  illness: 'I am ill or hurt',
  missing_part: 'A part or tool is missing',
  travel: 'Weather, road or van',
  state_of_home: 'Smoke, or the state of the home',
  hand_over: 'I know the tenant and hand over',
  other: 'Another reason'
})

export const withdrawalReasons = table<WithdrawalReason>({
  aggression: 'Somebody was aggressive',
  unsafe: 'It was not safe',
  smoke: 'Smoke',
  state_of_home: 'Rotten food, needles or waste',
  adult_left: 'Only a child was left at home',
  consent_withdrawn: 'They asked me to go',
  other: 'Another reason'
})

export const concerns = tableOf<ConcernKind, { label: string; ask: string; after: string }>(
  {
    safeguarding: {
      label: 'A child or an adult may be at risk',
      ask: 'What did you see and hear? Use their own words. Do not ask leading questions.',
      after: 'At the council, only the safeguarding lead is shown it. It goes first when there is signal.'
    },
    unsafe_condition: {
      label: 'Something is not safe',
      ask: 'What did you see, and where?',
      after: 'It goes first when there is signal. The council’s time to act runs from when you saw it.'
    },
    aggression: {
      label: 'Somebody was aggressive',
      ask: 'What happened?',
      after: 'It goes first when there is signal. You need not go back there alone.'
    },
    complaint: {
      label: 'The tenant is not happy with us',
      ask: 'What is wrong, in their words?',
      after: 'It goes first when there is signal. The council’s time to answer runs from when they said it.'
    },
    breach: {
      label: 'Somebody broke the Code',
      ask: 'What happened?',
      after: 'The council sees it. Your own firm does not.'
    },
    gift: { label: 'A gift was offered', ask: 'What was offered, and by whom?', after: 'It goes into the register.' },
    conflict: {
      label: 'I know this tenant',
      ask: 'How do you know each other?',
      after: 'Tell your line manager and your contact at the council.'
    }
  },
  (plain) => ({ label: plain, ask: 'What happened?', after: '' })
)

export const hazards = table<Hazard>({
  gas: 'Gas, or carbon monoxide',
  electrics: 'Electrics',
  fire: 'Fire, or a blocked way out',
  structure: 'Ceiling, floor, stairs or wall',
  damp_and_mould: 'Damp or mould',
  hoarding: 'Hoarding',
  sharps: 'Needles or blades',
  animals: 'An animal',
  other: 'Something else'
})

export const severities = table<Severity>({
  emergency: 'Somebody may be hurt today',
  significant: 'Somebody may be hurt if it stays',
  minor: 'To be put right'
})

export const caseKinds = table<CaseKind>({
  emergency_hazard: 'Emergency: not safe',
  overdue_check_in: 'Working alone, overdue',
  lawful_entry: 'Entered without consent',
  aggression: 'Aggression',
  complaint: 'Complaint',
  complaint_stage_2: 'Complaint, stage 2',
  significant_hazard: 'Not safe',
  minor_hazard: 'To be put right',
  breach: 'Breach of the Code',
  refusal_support: 'Refused: needs support',
  refusal_decision: 'Refused: to be decided',
  gift: 'Gift taken',
  conflict: 'Knows the tenant'
})

/** The steps of a case, in words for "to do" and for "done". */
export const caseSteps = tableOf<CaseStep, { todo: string; done: string }>(
  {
    acknowledge: { todo: 'acknowledge', done: 'Acknowledged' },
    answer: { todo: 'answer', done: 'Answered' },
    investigate: { todo: 'investigate', done: 'Investigated' },
    tell_in_writing: { todo: 'tell the tenant in writing', done: 'Tenant told in writing' },
    make_safe: { todo: 'make safe', done: 'Made safe' },
    review: { todo: 'look through it', done: 'Looked through' },
    decide: { todo: 'decide', done: 'Decided' },
    support: { todo: 'arrange support', done: 'Support arranged' },
    check: { todo: 'find out if they are safe', done: 'Found out' }
  },
  (plain) => ({ todo: plain, done: plain })
)

export const caseOutcomes = table<CaseOutcome>({
  valid: 'A valid reason: it never counts towards enforcement',
  not_valid: 'Not a valid reason',
  support_arranged: 'Support is arranged',
  not_needed: 'Nothing is needed',
  no_action: 'No action',
  apology: 'Apology',
  training: 'Training',
  contract: 'Action under the contract',
  disciplinary: 'Disciplinary action',
  upheld: 'Upheld',
  partly_upheld: 'Partly upheld',
  not_upheld: 'Not upheld',
  withdrawn: 'Withdrawn by the tenant',
  made_safe: 'Made safe',
  no_hazard: 'There is no hazard',
  safe: 'They are safe',
  not_safe: 'They were not safe',
  in_order: 'In order',
  not_in_order: 'Not in order',
  marker_proposed: 'A warning marker is proposed',
  recorded: 'Recorded in the register',
  taken_back: 'Taken back by the visitor'
})

export const roles = table<Role>({
  contractor: 'Contractor',
  officer: 'Officer',
  firm_supervisor: 'Firm’s supervisor',
  supervisor: 'Supervisor',
  safeguarding_lead: 'Safeguarding lead',
  auditor: 'Auditor',
  administrator: 'Administrator'
})

export const noticeStandings = table<NoticeStanding>({
  good: 'Good notice',
  meets_minimum: 'Minimum notice',
  short: 'Short notice',
  not_given: 'No notice on record',
  exempt_emergency: 'Emergency: none needed',
  exempt_investigation: 'Investigation: none needed'
})

/** What a visitor still owes a tenant. */
export const owedWords = table<Owed>({
  tell_tenant: 'Tell the tenant that the visit is off',
  follow_up: 'Say what comes next'
})
