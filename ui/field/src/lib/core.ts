// What the app's screens may ask of the core: one interface, so that a screen never knows what is
// behind it.
import type {
  Acted,
  CodeView,
  Command,
  Concern,
  EnrolmentView,
  OutboxView,
  PhotoPurpose,
  Signing,
  StatusView,
  SyncReport,
  TodayView,
  VisitKind,
  VisitSummary,
  VisitView,
  Vocabulary
} from '$shared/generated/types'

/** What this device can do that not every device can. */
export interface Abilities {
  scan: boolean
}

export interface Core {
  status(): Promise<StatusView>
  vocabulary(): Promise<Vocabulary>
  enrol(server: string, code: string): Promise<EnrolmentView>
  setPin(pin: string): Promise<void>
  signIn(pin: string): Promise<void>
  lock(): Promise<void>
  today(): Promise<TodayView>
  visit(visit: string): Promise<VisitView>
  startVisit(appointment: string): Promise<VisitView>
  /** Opens the file of an appointment's visit before setting out. */
  openVisit(appointment: string): Promise<VisitView>
  startUnplanned(kind: VisitKind, purpose: string, uprn: string | null, address: string | null): Promise<VisitView>
  /** One tap. */
  act(visit: string, command: Command): Promise<Acted>
  /** In a visit, or where there is none, by itself. */
  raiseConcern(visit: string | null, concern: Concern): Promise<void>
  flagSafeguarding(visit: string | null, note: string): Promise<void>
  /** A photo out of a file from the camera; the file itself is not kept. */
  addPhoto(visit: string, purpose: PhotoPurpose, file: Blob): Promise<Acted>
  /** The picture of a photo: a JPEG. */
  photo(sha256: string): Promise<Blob>
  photosOnWifiOnly(only: boolean): Promise<void>
  /** Says whether the network costs nothing by the byte, as far as is known. */
  network(unmetered: boolean): Promise<void>
  pastVisits(): Promise<VisitSummary[]>
  code(search: string | null): Promise<CodeView>
  acknowledge(hash: string, name: string, signed: Signing): Promise<CodeView>
  drafts(): Promise<Record<string, string>>
  keepDraft(name: string, text: string): Promise<void>
  strikeOut(record: string, reason: string): Promise<Acted>
  outbox(): Promise<OutboxView>
  /** Sends what waits; photos too, although they are to wait for Wi-Fi. */
  sendNow(photos: boolean): Promise<SyncReport>
  cameToFront(): Promise<void>
  /** Hands a number to whatever on this device calls. */
  call(number: string): Promise<void>
  /** Begins a text message, which the visitor reads and sends. */
  text(number: string, words: string): Promise<void>
  /** Shows an address on a map. */
  directions(address: string): Promise<void>
  abilities(): Promise<Abilities>
  /** Scans a QR code, on a device that can: what it says, or `null` when nothing was scanned. */
  scan(): Promise<string | null>
  /** Tries once more to open a store that would not open. */
  reopen(): Promise<void>
  setAside(): Promise<void>
  /** Calls back when something changed that no screen asked for, such as a receipt. */
  onChange(changed: () => void): void
}
