import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import { Format, requestPermissions, scan } from '@tauri-apps/plugin-barcode-scanner'
import type { Core } from './core'

/** A file in base64, because the bridge to the core only carries text. */
function inBase64(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''))
    reader.onerror = () => reject(new Error('the photo can’t be read'))
    reader.readAsDataURL(file)
  })
}

/** The text of a QR code; `null` if the camera is not allowed or nothing was scanned. */
async function scanned(): Promise<string | null> {
  if ((await requestPermissions()) !== 'granted') return null
  try {
    return (await scan({ formats: [Format.QRCode] })).content
  } catch {
    return null
  }
}

/** The core, through the shell's commands. */
export const tauri: Core = {
  status: () => invoke('status'),
  vocabulary: () => invoke('vocabulary'),
  enrol: (server, code) => invoke('enrol', { server, code }),
  setPin: (pin) => invoke('set_pin', { pin }),
  signIn: (pin) => invoke('sign_in', { pin }),
  lock: () => invoke('lock'),
  used: () => invoke('used'),
  lockIfUnused: (busyElsewhere) => invoke('lock_if_unused', { busyElsewhere }),
  sayLocked: (said) => invoke('say_locked', { said }),
  raiseConcernLocked: (concern) => invoke('raise_concern_locked', { concern }),
  flagSafeguardingLocked: (note) => invoke('flag_safeguarding_locked', { note }),
  readSalvaged: () => invoke('read_salvaged'),
  today: () => invoke('today'),
  visit: (visit) => invoke('visit', { visit }),
  startVisit: (appointment) => invoke('start_visit', { appointment }),
  openVisit: (appointment) => invoke('open_visit', { appointment }),
  startUnplanned: (visitKind, purpose, uprn, address) =>
    invoke('start_unplanned', { visitKind, purpose, uprn, address }),
  act: (visit, command) => invoke('act', { visit, command }),
  raiseConcern: (visit, concern) => invoke('raise_concern', { visit, concern }),
  flagSafeguarding: (visit, note) => invoke('flag_safeguarding', { visit, note }),
  addPhoto: async (visit, purpose, file) => invoke('add_photo', { visit, purpose, file: await inBase64(file) }),
  photo: async (sha256) => new Blob([await invoke<ArrayBuffer>('photo', { sha256 })], { type: 'image/jpeg' }),
  photosOnWifiOnly: (only) => invoke('photos_on_wifi_only', { only }),
  network: (unmetered) => invoke('network', { unmetered }),
  pastVisits: () => invoke('past_visits'),
  code: (search) => invoke('code', { search }),
  acknowledge: (hash, name, strokes) => invoke('acknowledge', { hash, name, strokes }),
  drafts: () => invoke('drafts'),
  keepDraft: (name, text) => invoke('keep_draft', { name, text }),
  strikeOut: (record, reason) => invoke('strike_out', { record, reason }),
  outbox: () => invoke('outbox'),
  sendNow: (photos) => invoke('send_now', { photos }),
  cameToFront: () => invoke('came_to_front'),
  call: (number) => invoke('call', { number }),
  text: (number, words) => invoke('text', { number, words }),
  directions: (address) => invoke('directions', { address }),
  abilities: () => invoke('abilities'),
  scan: scanned,
  reopen: () => invoke('reopen'),
  onChange: (changed) => void listen('changed', changed)
}
