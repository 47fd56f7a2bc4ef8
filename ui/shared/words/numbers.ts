// Words for the names, values and units of the numbers that the council owns.
import type { CaseKind, CaseStep, NumberGroup, NumberUnit } from '../generated/types'
import { plural, sentence } from './en'
import { caseKinds, caseSteps } from './names'

export const numberGroups: Record<NumberGroup, string> = {
  door: 'At the door',
  deadlines: 'Deadlines of cases',
  retention: 'How long things are kept',
  desk: 'At the desk'
}

const named: Record<string, string> = {
  notice_minimum_hours: 'Notice that a tenant must have',
  notice_good_hours: 'Notice that a tenant should have',
  notice_in_writing_hours: 'Notice in writing that a court asks for',
  planned_work_days: 'Notice of planned work',
  adult_age: 'Age of a suitable adult',
  attempts_before_letter: 'Attempts without access before the next letter',
  welfare_question_at_attempt: 'Attempt from which to ask whether something is wrong',
  phone_it_in_minutes: 'Unsent for so long: something urgent is phoned in',
  own_visits_days: 'Own past visits that a visitor sees',
  offline_hours: 'Without contact for so long: a phone shows no tenants',
  safe_reminder_minutes: 'Past the expected end: reminder to say “I am safe”',
  lock_minutes: 'A phone that nobody touches locks after',
  keep_visits: 'Visits, their cases and photos, after the visit or its last case',
  keep_photos: 'Photos of visits that no case came of',
  keep_safeguarding_notes: 'Safeguarding notes',
  keep_acknowledgements: 'Signatures that were replaced, or whose owner left',
  keep_appointments: 'Appointments that no visit came of',
  keep_audit_log: 'Lines of the audit log',
  deadline_near_hours: 'Before a deadline: mail that it is near',
  clock_minutes: 'A phone’s clock may be off by',
  noticed_days: 'Noticed earlier: how far back a visitor’s word moves a deadline'
}

const units: Record<NumberUnit, string> = {
  minutes: 'minute',
  hours: 'hour',
  days: 'day',
  working_days: 'working day',
  years: 'year',
  attempts: 'attempt'
}

/** A number's name in words, such as `Complaint: acknowledge`. */
export function numberName(name: string): string {
  const [kind, step] = name.split('.')
  if (step === undefined) return named[name] ?? sentence(name.replaceAll('_', ' '))
  return `${caseKinds[kind as CaseKind]}: ${caseSteps[step as CaseStep].todo}`
}

/** A value with its unit, such as `5 working days`. `null` is `For ever`. */
export function numberWords(value: number | null, unit: NumberUnit): string {
  return value === null ? 'For ever' : plural(value, units[unit])
}

/** A unit in the plural, such as `working days`. */
export function unitWords(unit: NumberUnit): string {
  return `${units[unit]}s`
}
