// What the app's screens may ask of the core: one interface, so that a screen never knows what is behind it.
import type {
  Basis,
  EnrolmentView,
  OutboxView,
  Problem,
  RefusalReason,
  StatusView,
  Step,
  StepState,
  SyncReport,
  TodayView,
  VisitView,
  Vocabulary
} from '../generated/types'

export interface FieldBackend {
  status(): Promise<StatusView>
  vocabulary(): Promise<Vocabulary>
  enrol(server: string, code: string): Promise<EnrolmentView>
  setPin(pin: string): Promise<void>
  signIn(pin: string): Promise<void>
  lock(): Promise<void>
  today(): Promise<TodayView>
  visit(visit: string): Promise<VisitView>
  startVisit(appointment: string): Promise<VisitView>
  recordStep(visit: string, step: Step, state: StepState): Promise<VisitView>
  enter(visit: string, basis: Basis | null, admitting: string | null): Promise<VisitView>
  refuseEntry(visit: string, reason: RefusalReason): Promise<VisitView>
  addRefusalWords(visit: string, words: string): Promise<VisitView>
  noAnswer(visit: string): Promise<VisitView>
  flagSafeguarding(visit: string, note: string): Promise<VisitView>
  leave(visit: string, furtherVisitNeeded: boolean): Promise<VisitView>
  strikeOut(record: string, reason: string): Promise<VisitView>
  outbox(): Promise<OutboxView>
  sendNow(): Promise<SyncReport>
  cameToFront(): Promise<void>
  /** Tries once more to open a store that would not open. */
  reopen(): Promise<void>
  setAside(): Promise<void>
  /** Calls back when something changed that no screen asked for, such as a receipt. */
  onChange(changed: () => void): void
}

/** Whatever was thrown, as a problem with a code. */
export function asProblem(thrown: unknown): Problem {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    return thrown as Problem
  }
  return { code: 'failed', message: String(thrown), refused: null }
}
