// What the console's screens may ask of the council, over HTTP.
import type {
  AccountList,
  AppointmentChange,
  AppointmentList,
  AppointmentListRow,
  AsideDecide,
  AsideList,
  AsideOfPhone,
  AuditCheck,
  AuditList,
  CaseDeed,
  CaseDetail,
  CaseList,
  CodeList,
  CodeSection,
  ConcernList,
  DatedNumber,
  DecideVisit,
  EvidencePack,
  Imported,
  LeadsLog,
  NoAccessList,
  NumberList,
  OpenedNote,
  OwnPasskeys,
  OwnSession,
  PasskeyAsked,
  PersonChange,
  PersonChanged,
  PersonList,
  PhoneList,
  PhoneOffer,
  Problem,
  Register,
  Reports,
  RestRequest,
  SafeguardingList,
  SessionView,
  SignInAnswer,
  TableMeaning,
  TodayBoard,
  VisitDetail,
  VisitList,
  WaysIn
} from '$shared/generated/types'

import type { PasskeyAnswer } from './passkeys'
import { proving } from './proving.svelte'

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, headers: { 'x-doorstep': '1', ...init.headers } })
  } catch {
    // What was sent may have been done all the same, if only the answer was lost.
    const next = init.method ? 'Check whether what you did was done, then try again.' : 'Try again in a minute.'
    throw problem('no-connection', `The council’s service does not answer. ${next}`)
  }
}

/** What a person gives to sign in. */
export interface Credentials {
  user: string
  password: string
  /** The six digits from their authenticator. */
  code: string | null
  /** The browser's answer by a passkey. */
  passkey: PasskeyAnswer | null
  /** A password of their own, in place of one that they were given. */
  new_password: string | null
}

/** Requests that change something and are not answered yet, by method, address and body. */
const onTheirWay = new Map<string, Promise<unknown>>()

/**
 * Sends a request. If the same change is sent again before it is answered, as by a double click, it
 * is sent only once, and both callers get the one answer.
 */
function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  if (!init.method || init.body instanceof File) return asked<T>(path, init)
  const said = [init.method, path, init.body].join(' ')
  const known = onTheirWay.get(said) as Promise<T> | undefined
  if (known) return known
  const answer = asked<T>(path, init).finally(() => onTheirWay.delete(said))
  onTheirWay.set(said, answer)
  return answer
}

async function asked<T>(path: string, init: RequestInit): Promise<T> {
  const response = await reach(path, init)
  const text = await response.text()
  if (!response.ok) {
    const refused = refusal(text)
    // What can't be undone waits until they have proved again who they are.
    if (refused.code !== 'prove-again') throw refused
    if (await proving.asks()) return asked<T>(path, init)
    throw problem('not-now', 'Nothing was changed.')
  }
  try {
    return (text ? JSON.parse(text) : null) as T
  } catch {
    throw problem(
      'not-the-council',
      'Something answered that is not the council’s service: perhaps a Wi-Fi that wants you to sign in. Check whether what you did was done, then try again.'
    )
  }
}

/** Downloads a table to its end. Returns it with its file name. */
export async function takeTable(path: string, signal: AbortSignal): Promise<{ name: string; file: Blob }> {
  const response = await reach(path, { signal })
  if (!response.ok) throw refusal(await response.text())
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'doorstep'
  try {
    return { name, file: await response.blob() }
  } catch {
    throw problem('no-connection', 'The download broke off. No file was saved. Try again.')
  }
}

/** Why the council refused a request, in its own words (RFC 9457). */
function refusal(text: string): Problem {
  try {
    const said = JSON.parse(text) as { code: string; title: string }
    return problem(said.code, said.title)
  } catch {
    return problem(
      'internal',
      'Something went wrong at the council. Check whether what you did was done, then try again.'
    )
  }
}

/** A request with a JSON body. */
function json(method: string, said: unknown): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(said) }
}

/** A request with a CSV file as its body. */
function table(file: File): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'text/csv' }, body: file }
}

function problem(code: string, message: string): Problem {
  return { code, message, refused: null }
}

/** The requests to the council's service, at the address from which the page came. */
export function connect() {
  return {
    session: () => ask<SessionView>('/api/session'),
    signIn: (given: Credentials) => ask<SignInAnswer>('/api/session', json('POST', given)),
    prove: (password: string) => ask<null>('/api/session/proof', json('POST', { password })),
    waysIn: () => ask<WaysIn>('/api/sign-in'),
    ownSessions: () => ask<OwnSession[]>('/api/sessions'),
    changePassword: (old: string, fresh: string) =>
      ask<null>('/api/session/password', json('POST', { old, new: fresh })),
    passkeys: () => ask<OwnPasskeys>('/api/passkeys'),
    offerPasskey: () => ask<PasskeyAsked>('/api/passkeys/offer', json('POST', {})),
    keepPasskey: (name: string, given: PasskeyAnswer) => ask<null>('/api/passkeys', json('POST', { name, ...given })),
    forgetPasskey: (id: string) => ask<null>(`/api/passkeys/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    endSession: (id: string) => ask<null>(`/api/sessions/${id}`, { method: 'DELETE' }),
    signOut: () => ask<null>('/api/session', { method: 'DELETE' }),
    /** `byItself` when nobody asked for it: that keeps no session alive. */
    today: (byItself: boolean) =>
      ask<TodayBoard>('/api/today', byItself ? { headers: { 'x-doorstep': 'by-itself' } } : {}),
    visits: (query: string) => ask<VisitList>(`/api/visits${query}`),
    visit: (visit: string) => ask<VisitDetail>(`/api/visits/${encodeURIComponent(visit)}`),
    decideVisit: (visit: string, what: DecideVisit) =>
      ask<VisitDetail>(`/api/visits/${encodeURIComponent(visit)}`, json('POST', what)),
    photoPath: (visit: string, sha256: string) =>
      `/api/visits/${encodeURIComponent(visit)}/photos/${encodeURIComponent(sha256)}`,
    organisations: () => ask<string[]>('/api/organisations'),
    concerns: (query: string) => ask<ConcernList>(`/api/concerns${query}`),
    cases: (query: string) => ask<CaseList>(`/api/cases${query}`),
    case: (id: string) => ask<CaseDetail>(`/api/cases/${encodeURIComponent(id)}`),
    doAbout: (id: string, deed: CaseDeed) =>
      ask<CaseDetail>(`/api/cases/${encodeURIComponent(id)}`, json('POST', deed)),
    evidence: (uprn: string) => ask<EvidencePack>(`/api/no-access/${encodeURIComponent(uprn)}`),
    noAccess: (query: string) => ask<NoAccessList>(`/api/no-access${query}`),
    setAside: () => ask<AsideList>('/api/set-aside'),
    putToRest: (what: RestRequest) => ask<AsideList>('/api/set-aside', json('POST', what)),
    setAsideOf: (device: string) => ask<AsideOfPhone>(`/api/set-aside/${encodeURIComponent(device)}`),
    decideAside: (device: string, what: AsideDecide) =>
      ask<AsideOfPhone>(`/api/set-aside/${encodeURIComponent(device)}`, json('POST', what)),
    reports: (query: string) => ask<Reports>(`/api/reports${query}`),
    appointments: (query: string) => ask<AppointmentList>(`/api/appointments${query}`),
    previewAppointments: (file: File) => ask<Imported>('/api/appointments/preview', table(file)),
    importAppointments: (file: File, onlyGood: boolean) =>
      ask<Imported>(`/api/appointments?only_good=${onlyGood}`, table(file)),
    changeAppointment: (reference: string, change: AppointmentChange) =>
      ask<AppointmentListRow>(`/api/appointments/${encodeURIComponent(reference)}`, json('POST', change)),
    phones: (query: string) => ask<PhoneList>(`/api/phones${query}`),
    offerPhone: (user: string) => ask<PhoneOffer>('/api/phones', json('POST', { user, server: location.origin })),
    revokePhone: (device: string) => ask<null>(`/api/phones/${encodeURIComponent(device)}`, { method: 'DELETE' }),
    people: (query: string) => ask<PersonList>(`/api/people${query}`),
    importPeople: (file: File) => ask<Imported>('/api/people', table(file)),
    changePerson: (user: string, change: PersonChange) =>
      ask<PersonChanged>(`/api/people/${encodeURIComponent(user)}`, json('POST', change)),
    accounts: () => ask<AccountList>('/api/accounts'),
    decideAccount: (change: string, agree: boolean) =>
      ask<AccountList>(`/api/accounts/${encodeURIComponent(change)}`, json('POST', { agree })),
    register: (query: string) => ask<Register>(`/api/acknowledgements${query}`),
    codes: () => ask<CodeList>('/api/codes'),
    publishCode: (label: string, from: string, text: string) =>
      ask<CodeSection[]>('/api/codes', json('POST', { label, from, text })),
    numbers: () => ask<NumberList>('/api/numbers'),
    enterNumber: (number: DatedNumber) => ask<null>('/api/numbers', json('POST', number)),
    withdrawNumber: (name: string, from: string) =>
      ask<null>(`/api/numbers/${encodeURIComponent(name)}/${from}`, { method: 'DELETE' }),
    dictionary: () => ask<TableMeaning[]>('/api/exports/dictionary'),
    audit: (query: string) => ask<AuditList>(`/api/audit${query}`),
    auditLinks: (link: string) => ask<AuditCheck>(`/api/audit/links?${new URLSearchParams({ link })}`),
    safeguarding: (query: string) => ask<SafeguardingList>(`/api/safeguarding${query}`),
    leadsLog: () => ask<LeadsLog>('/api/safeguarding-log'),
    openNote: (record: string) => ask<OpenedNote>(`/api/safeguarding/${encodeURIComponent(record)}`)
  }
}

/** What the console may ask of a council. */
export type Council = ReturnType<typeof connect>
