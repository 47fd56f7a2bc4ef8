import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import type { FieldBackend } from './field'

/** The core, through the shell's commands. */
export const tauri: FieldBackend = {
  status: () => invoke('status'),
  vocabulary: () => invoke('vocabulary'),
  enrol: (server, code) => invoke('enrol', { server, code }),
  setPin: (pin) => invoke('set_pin', { pin }),
  signIn: (pin) => invoke('sign_in', { pin }),
  lock: () => invoke('lock'),
  today: () => invoke('today'),
  visit: (visit) => invoke('visit', { visit }),
  startVisit: (appointment) => invoke('start_visit', { appointment }),
  recordStep: (visit, step, state) => invoke('record_step', { visit, step, state }),
  enter: (visit, basis, admitting) => invoke('enter', { visit, basis, admitting }),
  refuseEntry: (visit, reason) => invoke('refuse_entry', { visit, reason }),
  addRefusalWords: (visit, words) => invoke('add_refusal_words', { visit, words }),
  noAnswer: (visit) => invoke('no_answer', { visit }),
  flagSafeguarding: (visit, note) => invoke('flag_safeguarding', { visit, note }),
  leave: (visit, furtherVisitNeeded) => invoke('leave', { visit, furtherVisitNeeded }),
  strikeOut: (record, reason) => invoke('strike_out', { record, reason }),
  outbox: () => invoke('outbox'),
  sendNow: () => invoke('send_now'),
  cameToFront: () => invoke('came_to_front'),
  reopen: () => invoke('reopen'),
  setAside: () => invoke('set_aside'),
  onChange: (changed) => void listen('changed', changed)
}
