// Words for changes to accounts, and for the leads’ own log.
import type { AccountMatter, LeadsDeed } from '../generated/types'
import { table } from './names'

export const accountMatters = table<AccountMatter>({
  role: 'Role, organisation or e-mail address',
  password: 'New password',
  second_factor: 'Set up the authenticator again',
  return: 'Back after having left'
})

const what: Record<AccountMatter, string> = {
  role: 'role, organisation or email address',
  password: 'password',
  second_factor: 'second factor',
  return: 'return'
}

/** What a line of the leads’ log says was done. */
export function deedWords(deed: LeadsDeed): string {
  switch (deed.deed) {
    case 'note_opened':
      return 'opened a note'
    case 'change_asked':
      return `asked for another ${what[deed.matter]} for ${deed.of}`
    case 'change_made':
      return `changed the ${what[deed.matter]} of ${deed.of}`
    case 'change_refused':
      return `refused another ${what[deed.matter]} for ${deed.of}`
    case 'organisation_changed':
      return `made ${deed.organisation} ${deed.of_the_council ? 'a part of the council' : 'a firm'}`
    case 'lead_left':
      return `said that ${deed.of} has left`
    default:
      return 'did something that this version does not know'
  }
}
