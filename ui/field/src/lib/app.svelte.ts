// What the app shows, and the way every screen asks the core: one place for the status bar, what is
// half typed, and problems.
import { createContext } from 'svelte'
import { goto, invalidate } from '$app/navigation'
import type { Acted, Problem, StatusView, VisitView, Vocabulary } from '$shared/generated/types'
import { arrived } from '$shared/moving'
import { asProblem } from '$shared/problem'
import { problemWords } from '$shared/words/en'
import type { Core } from './core'

/** What a screen shows: it is read again when something changed that no screen asked for. */
export const SHOWN = 'core:shown'

/** How long after the last key what is half typed is written to disk, in milliseconds. */
const DRAFT_PAUSE = 300

/** A visit as it was read, and how many taps had been answered when the reading began. */
export interface ReadVisit {
  view: VisitView | null
  taps: number
}

/** The app, in front of a core. */
export class App {
  status = $state<StatusView | null>(null)
  vocabulary = $state<Vocabulary | null>(null)
  /** What went wrong last, in words; cleared by the next thing that works. */
  problem = $state<string | null>(null)
  /** Why the store is not open. */
  trouble = $state<Problem | null>(null)
  /** Goes up when something changed that no screen asked for. */
  changes = 0
  /** What is half typed, by screen and visit; on disk too, so that neither a lock nor a dead phone forgets it. */
  drafts = $state<Record<string, string>>({})
  /** Somebody can see the screen: personal details are hidden. Clause 5.2. */
  watched = $state(false)
  /** Goes up with each answer to something that was done: what was read before it is older. */
  taps = 0
  /** The visit as the last tap left it, until anything else is asked: the next screen begins with it. */
  private handed: { view: VisitView; changes: number } | null = null
  private readonly pauses: Record<string, ReturnType<typeof setTimeout> | undefined> = {}
  private draftsRead = false
  /** The way to another screen, from the tap on. */
  private going: Promise<void> = Promise.resolve()
  /** How many screens lie behind this one. */
  behind = 0
  /** The screen from which a tap led to this one; after Back, nothing. */
  previous: string | null = null

  constructor(readonly core: Core) {}

  /** Whether the phone is set up, and whoever holds it has signed in. */
  get ready(): boolean {
    const { status, trouble } = this
    return trouble === null && status !== null && status.enrolled !== null && status.pin_set && status.signed_in
  }

  /** A personal detail, or what stands for it while somebody can see the screen. */
  personal(detail: string): string {
    return this.watched ? 'Hidden' : detail
  }

  draft(name: string): string {
    return this.drafts[name] ?? ''
  }

  /** Takes what is half typed, and keeps it after a short pause. */
  write(name: string, text: string) {
    this.drafts[name] = text
    clearTimeout(this.pauses[name])
    this.pauses[name] = setTimeout(() => this.keep(name), DRAFT_PAUSE)
  }

  /** What was half typed is saved for good, or was thrown away. */
  forget(...names: string[]) {
    for (const name of names) {
      this.drafts[name] = ''
      this.keep(name)
    }
  }

  /** What was typed, or nothing where that is empty. */
  typed(name: string): string | null {
    return this.draft(name).trim() || null
  }

  private keep(name: string) {
    clearTimeout(this.pauses[name])
    this.pauses[name] = undefined
    void this.core.keepDraft(name, this.draft(name)).catch(() => undefined)
  }

  private keepAll() {
    for (const [name, pause] of Object.entries(this.pauses)) if (pause !== undefined) this.keep(name)
  }

  /** After signing in: what was half typed before the phone was locked, killed or dead. */
  private async readDrafts() {
    if (this.draftsRead) return
    this.draftsRead = true
    try {
      this.drafts = { ...(await this.core.drafts()), ...this.drafts }
    } catch {
      this.draftsRead = false
    }
  }

  /** Shows another screen; `instead` where nobody wants to come back to this one, since what it asks is answered. */
  go(address: string, instead = false) {
    if (!instead) this.behind += 1
    this.going = goto(address, { replaceState: instead })
  }

  /** Back to where they came from, or where there is no such screen, to another. */
  back(otherwise: string) {
    if (this.behind > 0) history.back()
    else this.go(otherwise, true)
  }

  /** To another screen: back, where they came from there, so that it does not lie behind itself. */
  returnTo(address: string) {
    if (this.behind > 0 && this.previous === address) history.back()
    else this.go(address, true)
  }

  /** Reads again what the screen shows. */
  async again(): Promise<void> {
    await this.going
    await arrived()
    await invalidate(SHOWN)
  }

  /** One tap: it is saved, and its one answer is all that a screen shows of it. A problem is shown in words. */
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

  /** A visit: as the tap left it that led to this screen, or read, when something may have changed since. */
  async visit(visit: string): Promise<ReadVisit> {
    const { taps, handed } = this
    if (handed?.view.visit === visit && handed.changes === this.changes) return { view: handed.view, taps }
    return { view: (await this.read(this.core.visit(visit))) ?? null, taps }
  }

  /** Asks the core. A problem is shown in words, and the answer is `undefined`. */
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

  /** As `ask`, for what a screen shows: it may be read at any time, so it takes no message away that somebody still reads. */
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

  /** Asks the core for something that answers nothing: whether it was done. */
  async tried(question: Promise<void>): Promise<boolean> {
    return (await this.ask(question.then(() => true))) ?? false
  }

  async refresh() {
    try {
      const taps = this.taps
      const status = await this.core.status()
      if (taps === this.taps) this.status = status
      this.trouble = null
      if (status.signed_in && status.enrolled) await this.readDrafts()
    } catch (thrown) {
      this.trouble = asProblem(thrown)
    }
  }

  /** Tells the core whether photos cost money now, where the webview knows. */
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
      if (document.visibilityState === 'visible') void this.core.cameToFront()
      else this.keepAll()
    })
    setInterval(() => void this.refresh(), 20_000)
    await this.core.cameToFront()
  }
}

/** The app to which a screen belongs. */
export const [useApp, provideApp] = createContext<App>()
