// The app's state that all screens share (status bar, drafts, problems), and how screens ask the
// core.
import { createContext } from 'svelte'
import { goto, invalidate } from '$app/navigation'
import type { Acted, Problem, StatusView, VisitView, Vocabulary } from '$shared/generated/types'
import { arrived } from '$shared/moving'
import { asProblem } from '$shared/problem'
import { problemWords } from '$shared/words/en'
import type { Core } from './core'

/** The dependency of every screen's load. It is read again after changes that no screen caused. */
export const SHOWN = 'core:shown'

/** How often a touch is told to the core, and how often the core is asked whether to lock, in
 * milliseconds. */
const USED_PAUSE = 5_000
const LOCK_PAUSE = 10_000

/** How long after the last key a draft is written to disk, in milliseconds. */
const DRAFT_PAUSE = 300

/** A visit as it was read, and how many taps had been answered before the reading began. */
export interface ReadVisit {
  view: VisitView | null
  taps: number
}

/** The app's shared state. Screens ask the core through it. */
export class App {
  status = $state<StatusView | null>(null)
  vocabulary = $state<Vocabulary | null>(null)
  /** The last problem, in words. The next action that succeeds clears it. */
  problem = $state<string | null>(null)
  /** Why the store can't be opened; `null` if it is open. */
  trouble = $state<Problem | null>(null)
  /** Counts changes that no screen caused, such as a receipt. */
  changes = 0
  /** Drafts by name. They are on disk too, so that a lock or an empty battery loses none. */
  drafts = $state<Record<string, string>>({})
  /** True while somebody else can see the screen: personal details are hidden. Clause 5.2. */
  watched = $state(false)
  /** Counts answered actions. A visit that was read before the last one may be out of date. */
  taps = 0
  /** The visit as the last tap left it, for the next screen. Any other question clears it. */
  private handed: { view: VisitView; changes: number } | null = null
  private readonly pauses: Record<string, ReturnType<typeof setTimeout> | undefined> = {}
  private draftsRead = false
  /** A camera, dialler or map that this window opened may be in front. */
  private elsewhere = false
  private usedAt = 0
  /** Resolves when the navigation that the last tap started has ended. */
  private going: Promise<void> = Promise.resolve()
  /** How many screens Back can return to. */
  behind = 0
  /** The address of the screen from which a tap led to this one; `null` after Back. */
  previous: string | null = null

  constructor(readonly core: Core) {}

  /** Whether the phone is set up and its visitor has signed in. */
  get ready(): boolean {
    const { status, trouble } = this
    return trouble === null && status !== null && status.enrolled !== null && status.pin_set && status.signed_in
  }

  /** A personal detail, or "Hidden" while somebody else can see the screen. */
  personal(detail: string): string {
    return this.watched ? 'Hidden' : detail
  }

  draft(name: string): string {
    return this.drafts[name] ?? ''
  }

  /** Sets a draft, and writes it to disk after a short pause. */
  write(name: string, text: string) {
    this.drafts[name] = text
    clearTimeout(this.pauses[name])
    this.pauses[name] = setTimeout(() => this.keep(name), DRAFT_PAUSE)
  }

  /** Empties drafts whose text was saved or thrown away. */
  forget(...names: string[]) {
    for (const name of names) {
      this.drafts[name] = ''
      this.keep(name)
    }
  }

  /** The text of a draft without spaces around it; `null` if that is empty. */
  typed(name: string): string | null {
    return this.draft(name).trim() || null
  }

  /** Shows an address on a map, from which the visitor will come back. */
  async showOnMap(address: string): Promise<void> {
    this.goesElsewhere()
    await this.tried(this.core.directions(address))
  }

  private keep(name: string) {
    clearTimeout(this.pauses[name])
    this.pauses[name] = undefined
    void this.core.keepDraft(name, this.draft(name)).catch(() => undefined)
  }

  private keepAll() {
    for (const [name, pause] of Object.entries(this.pauses)) if (pause !== undefined) this.keep(name)
  }

  /** Notes that the visitor goes to a camera, dialler or map, from which they will come back. */
  goesElsewhere() {
    this.elsewhere = true
  }

  /** Tells the core that somebody uses the window, every few seconds. */
  private readonly used = () => {
    this.elsewhere = false
    if (!this.ready || performance.now() - this.usedAt < USED_PAUSE) return
    this.usedAt = performance.now()
    void this.core.used()
  }

  /** Locks if nobody has used the window for long. What is half typed is kept first. */
  private async lockIfUnused() {
    if (!this.ready) return
    this.keepAll()
    try {
      if (await this.core.lockIfUnused(this.elsewhere)) await this.refresh()
    } catch {
      await this.refresh()
    }
  }

  /** Forgets what was read: the phone is locked, or somebody else's from now on. */
  forgetAll() {
    if (this.draftsRead) this.drafts = {}
    this.draftsRead = false
    this.handed = null
    this.watched = false
  }

  /** After sign-in, reads the drafts from before the phone was locked or the app was killed. */
  private async readDrafts() {
    if (this.draftsRead) return
    this.draftsRead = true
    try {
      this.drafts = { ...(await this.core.drafts()), ...this.drafts }
    } catch {
      this.draftsRead = false
    }
  }

  /** Shows another screen. With `instead`, Back will not return to the present one. */
  go(address: string, instead = false) {
    if (!instead) this.behind += 1
    this.going = goto(address, { replaceState: instead })
  }

  /** Goes back, or to `otherwise` if there is no screen to go back to. */
  back(otherwise: string) {
    if (this.behind > 0) history.back()
    else this.go(otherwise, true)
  }

  /** Shows a screen. Goes back if it is the previous one, so that it is in the history once. */
  returnTo(address: string) {
    if (this.behind > 0 && this.previous === address) history.back()
    else this.go(address, true)
  }

  /** Reads again what the screen shows, once no navigation is under way. */
  async again(): Promise<void> {
    await this.going
    await arrived()
    await invalidate(SHOWN)
  }

  /**
   * Waits for the answer to a tap, and returns the visit as the tap left it. On failure shows the
   * problem in words and returns `undefined`.
   */
  async act(tap: Promise<Acted>): Promise<VisitView | undefined> {
    const changes = this.changes
    try {
      const { visit, status } = await tap
      this.taps += 1
      this.status = status
      this.problem = null
      this.handed = { view: visit, changes }
      return visit
    } catch (thrown) {
      this.problem = problemWords(asProblem(thrown))
      void this.refresh()
      return undefined
    }
  }

  /** The visit as the tap that led to this screen left it, or read again if it may have changed. */
  async visit(visit: string): Promise<ReadVisit> {
    const { taps, handed } = this
    if (handed?.view.visit === visit && handed.changes === this.changes) return { view: handed.view, taps }
    return { view: (await this.read(this.core.visit(visit))) ?? null, taps }
  }

  /** Asks the core. On failure shows the problem in words and returns `undefined`. */
  async ask<T>(question: Promise<T>): Promise<T | undefined> {
    const answer = await this.read(
      question.then((answer) => {
        this.taps += 1
        return answer
      })
    )
    this.handed = null
    if (answer !== undefined) this.problem = null
    return answer
  }

  /**
   * Like `ask`, for what a screen shows. This can happen at any time, so it leaves a message in
   * place that somebody may be reading.
   */
  async read<T>(question: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await question
      void this.refresh()
      return answer
    } catch (thrown) {
      this.problem = problemWords(asProblem(thrown))
      void this.refresh()
      return undefined
    }
  }

  /** Asks the core to do something, and returns whether it was done. */
  async tried(question: Promise<void>): Promise<boolean> {
    return (await this.ask(question.then(() => true))) ?? false
  }

  /** Waits for an answer that tells the phone's state alone, and returns whether it came. */
  async told(question: Promise<StatusView>): Promise<boolean> {
    const status = await this.ask(question)
    if (status) this.status = status
    return status !== undefined
  }

  async refresh() {
    try {
      const taps = this.taps
      const status = await this.core.status()
      if (taps === this.taps) this.status = status
      this.trouble = null
      if (!status.signed_in) this.forgetAll()
      if (status.signed_in && status.enrolled) await this.readDrafts()
    } catch (thrown) {
      this.trouble = asProblem(thrown)
    }
  }

  /** Tells the core whether the network is Wi-Fi or cable, if the webview knows. */
  private watchNetwork() {
    const connection = (navigator as { connection?: EventTarget & { type?: string } }).connection
    if (!connection?.type) return
    const tell = () => void this.core.network(connection.type === 'wifi' || connection.type === 'ethernet')
    connection.addEventListener('change', tell)
    tell()
  }

  async start() {
    this.vocabulary = await this.core.vocabulary()
    await this.refresh()
    this.core.onChange(() => {
      this.changes += 1
      void this.refresh()
      void this.again()
    })
    window.addEventListener('online', () => void this.core.cameToFront())
    this.watchNetwork()
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.keepAll()
      else void this.lockIfUnused().then(() => this.core.cameToFront())
    })
    for (const use of ['pointerdown', 'keydown', 'input', 'scroll']) {
      document.addEventListener(use, this.used, { capture: true, passive: true })
    }
    setInterval(() => void this.lockIfUnused(), LOCK_PAUSE)
    setInterval(() => void this.refresh(), 20_000)
    await this.core.cameToFront()
  }
}

/** Gets and sets the app in the Svelte context. */
export const [useApp, provideApp] = createContext<App>()
