// What the app's screens may ask of the core. It is an interface, so that tests can put another
// core behind the screens.
import type {
  Acted,
  CodeView,
  Command,
  Concern,
  EnrolmentView,
  OutboxView,
  PhotoPurpose,
  SaidLocked,
  StatusView,
  SyncReport,
  TodayView,
  VisitKind,
  VisitSummary,
  VisitView,
  Vocabulary
} from '$shared/generated/types'

/** What some devices can do and others can't. */
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
  /** Tells that somebody uses the window, so that it does not lock by itself. */
  used(): Promise<void>
  /** Locks if nobody has used the window for long, and returns whether it is locked. */
  lockIfUnused(busyElsewhere: boolean): Promise<boolean>
  /** Says something about the visit under way. It needs no PIN, as the next two do not. */
  sayLocked(said: SaidLocked): Promise<StatusView>
  raiseConcernLocked(concern: Concern): Promise<StatusView>
  flagSafeguardingLocked(note: string): Promise<StatusView>
  /** Somebody has read what became of a damaged file. */
  readSalvaged(): Promise<void>
  today(): Promise<TodayView>
  visit(visit: string): Promise<VisitView>
  startVisit(appointment: string): Promise<Acted>
  /** Opens an appointment's visit before setting out, without starting it. */
  openVisit(appointment: string): Promise<Acted>
  startUnplanned(kind: VisitKind, purpose: string, uprn: string | null, address: string | null): Promise<Acted>
  /** Saves one tap on a visit. */
  act(visit: string, command: Command): Promise<Acted>
  /** Saves a concern about a visit, or without a visit if `visit` is `null`. */
  raiseConcern(visit: string | null, concern: Concern): Promise<Acted>
  flagSafeguarding(visit: string | null, note: string): Promise<Acted>
  /** Makes a photo from a camera's file. The file itself is not kept. */
  addPhoto(visit: string, purpose: PhotoPurpose, file: Blob): Promise<Acted>
  /** A photo's picture, as JPEG. */
  photo(sha256: string): Promise<Blob>
  photosOnWifiOnly(only: boolean): Promise<void>
  /** Tells the core whether the network is free of charge for each byte, if that is known. */
  network(unmetered: boolean): Promise<void>
  pastVisits(): Promise<VisitSummary[]>
  code(search: string | null): Promise<CodeView>
  acknowledge(hash: string, name: string, strokes: [number, number][][]): Promise<CodeView>
  drafts(): Promise<Record<string, string>>
  keepDraft(name: string, text: string): Promise<void>
  strikeOut(record: string, reason: string): Promise<Acted>
  outbox(): Promise<OutboxView>
  /** Sends what waits. With `photos`, also sends photos that would wait for Wi-Fi. */
  sendNow(photos: boolean): Promise<SyncReport>
  cameToFront(): Promise<void>
  /** Opens a number in the device's telephone app. */
  call(number: string): Promise<void>
  /** Begins a text message, which the visitor reads and sends. */
  text(number: string, words: string): Promise<void>
  /** Shows an address on a map. */
  directions(address: string): Promise<void>
  abilities(): Promise<Abilities>
  /** Scans a QR code, on a device that can, and returns its text; `null` if nothing was scanned. */
  scan(): Promise<string | null>
  /** Tries once more to open a store that would not open. */
  reopen(): Promise<void>
  /** Calls back when something changed that no screen asked for, such as a receipt. */
  onChange(changed: () => void): void
}
